//! Settings of terminal lines.

use portvakt_model::Message;

use super::super::reasons;
use super::SCRIPTS;

/// Settings of terminal lines that have no bearing.
pub(in super::super) const LINE_NEUTRAL: &[&str] = &[
    "absolute-timeout",
    "activation-character",
    "autohangup",
    "autoselect",
    "buffer-length",
    "callback",
    "databits",
    "default",
    "disconnect-character",
    "domain-lookup",
    "editing",
    "escape-character",
    "exec",
    "exec-banner",
    "exec-character-bits",
    "exit",
    "flowcontrol",
    "flush-at-activation",
    "full-help",
    "history",
    "hold-character",
    "international",
    "ip",
    "length",
    "location",
    "lockable",
    "logging",
    "logout-warning",
    "media-type",
    "modem",
    "monitor",
    "motd-banner",
    "notify",
    "padding",
    "parity",
    "prompt",
    "refuse-message",
    "rxspeed",
    "script",
    "session-disconnect-warning",
    "session-limit",
    "session-timeout",
    "speed",
    "start-character",
    "stop-character",
    "stopbits",
    "telnet",
    "terminal-type",
    "timeout",
    "transport output",
    "transport preferred",
    "txspeed",
    "usb-inactivity-timeout",
    "vacant-message",
    "width",
];

/// Settings of terminal lines whose meaning is not modelled.
pub(in super::super) const LINE_LOST: &[(&str, &Message)] = &[
    ("accounting", reasons::LINE_ACCOUNTING),
    ("authorization", reasons::LINE_AUTHORISATION),
    ("autocommand", SCRIPTS),
    ("privilege", reasons::LINE_LEVELS),
    ("rotary", reasons::LINE_PORTS),
];
