//! How far a scan has come, on a terminal.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::Scope;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use portvakt_scan::control::Progress;

use crate::text::Lang;

/// How often the line is drawn anew.
const EVERY: Duration = Duration::from_millis(200);

/// A line on standard error that goes away when it is dropped. Where that is no terminal nothing is
/// drawn.
pub(super) struct Line {
    _end: mpsc::Sender<()>,
}

/// Shows how a scan goes on until the line is dropped.
pub(super) fn show<'scope>(
    within: &'scope Scope<'scope, '_>,
    progress: &'scope Progress,
    lang: Lang,
) -> Line {
    let (end, ended) = mpsc::channel();
    within.spawn(move || {
        let bar = ProgressBar::new(0).with_style(style());
        let mut before = 0;
        while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            let sent = Progress::read(&progress.sent);
            let rate = (sent - before) * 1_000 / EVERY.as_millis() as u64;
            before = sent;
            bar.set_length(Progress::read(&progress.total));
            bar.set_position(Progress::read(&progress.done));
            let open = Progress::read(&progress.open);
            bar.set_message(match lang {
                Lang::Sv => format!("{rate} paket/s, {open} öppna"),
                Lang::En => format!("{rate} packets/s, {open} open"),
            });
        }
        bar.finish_and_clear();
    });
    Line { _end: end }
}

fn style() -> ProgressStyle {
    let form = "{bar:30} {percent}% ({human_pos}/{human_len})  {msg}  ETA {eta}";
    ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar())
}
