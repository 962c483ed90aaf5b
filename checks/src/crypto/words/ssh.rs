//! SSH.

use super::{Words, words};

const NONE: [&str; 2] = ["", ""];
const KEX: [&str; 2] = [
    "Tillåt bara mlkem768x25519-sha256, sntrup761x25519-sha512 och curve25519-sha256 (sshd_config: KexAlgorithms).",
    "Allow only mlkem768x25519-sha256, sntrup761x25519-sha512 and curve25519-sha256 (sshd_config: KexAlgorithms).",
];
const CIPHER: [&str; 2] = [
    "Tillåt bara aes256-gcm, aes128-gcm, chacha20-poly1305 och aes-ctr (sshd_config: Ciphers).",
    "Allow only aes256-gcm, aes128-gcm, chacha20-poly1305 and aes-ctr (sshd_config: Ciphers).",
];
const MAC: [&str; 2] = [
    "Tillåt bara hmac-sha2-256-etm, hmac-sha2-512-etm och umac-128-etm (sshd_config: MACs).",
    "Allow only hmac-sha2-256-etm, hmac-sha2-512-etm and umac-128-etm (sshd_config: MACs).",
];
const KEY: [&str; 2] = [
    "Skapa en ny värdnyckel (ed25519, eller RSA med minst 3072 bitar) och ta bort den gamla.",
    "Make a new host key (ed25519, or RSA of at least 3072 bits) and remove the old one.",
];

pub(super) static WORDS: &[Words] = &[
    words("ssh-key-exchange", ["Nyckelutbyte", "Key exchange"], NONE),
    words(
        "ssh-hybrid-key-exchange",
        ["Kvantsäkert nyckelutbyte erbjuds", "Quantum-safe key exchange is offered"],
        NONE,
    ),
    words(
        "ssh-weak-key-exchange",
        [
            "Nyckelutbyte med SHA-1 eller för liten grupp",
            "Key exchange with SHA-1 or too small a group",
        ],
        KEX,
    ),
    words(
        "ssh-aging-key-exchange",
        ["Nyckelutbyte som bör bytas ut", "Key exchange to be replaced"],
        KEX,
    ),
    words("ssh-host-key-algorithm", ["Värdnyckelns algoritm", "Host key algorithm"], NONE),
    words(
        "ssh-weak-host-key-algorithm",
        ["Värdnyckeln signerar med SHA-1 eller DSA", "The host key signs with SHA-1 or DSA"],
        [
            "Tillåt bara ssh-ed25519, rsa-sha2-256 och rsa-sha2-512 (sshd_config: HostKeyAlgorithms).",
            "Allow only ssh-ed25519, rsa-sha2-256 and rsa-sha2-512 (sshd_config: HostKeyAlgorithms).",
        ],
    ),
    words("ssh-host-key", ["Värdnyckel", "Host key"], NONE),
    words("ssh-host-key-too-small", ["Värdnyckeln är för liten", "The host key is too small"], KEY),
    words("ssh-cipher", ["Chiffer", "Cipher"], NONE),
    words("ssh-weak-cipher", ["Utdömt chiffer", "Deprecated cipher"], CIPHER),
    words("ssh-cbc-cipher", ["Chiffer i CBC-läge", "Cipher in CBC mode"], CIPHER),
    words("ssh-no-cipher", ["Kryptering kan stängas av", "Encryption can be turned off"], CIPHER),
    words("ssh-mac", ["Kontrollsumma (MAC)", "Message authentication (MAC)"], NONE),
    words("ssh-weak-mac", ["Utdömd kontrollsumma (MAC)", "Deprecated MAC"], MAC),
    words("ssh-aging-mac", ["Kontrollsumma (MAC) som bör bytas ut", "MAC to be replaced"], MAC),
    words(
        "ssh-group-exchange",
        ["Minsta modul i gruppförhandling", "Smallest modulus of group exchange"],
        NONE,
    ),
    words(
        "ssh-group-exchange-too-small",
        ["Gruppförhandling ger en för liten modul", "Group exchange gives too small a modulus"],
        [
            "Ta bort moduler under 3071 bitar ur /etc/ssh/moduli.",
            "Remove moduli below 3071 bits from /etc/ssh/moduli.",
        ],
    ),
    words("ssh-property", ["Egenskap", "Property"], NONE),
    words(
        "ssh-terrapin",
        [
            "Sårbar för Terrapin: strikt nyckelutbyte saknas (CVE-2023-48795)",
            "Vulnerable to Terrapin: strict key exchange is missing (CVE-2023-48795)",
        ],
        [
            "Uppdatera SSH-servern, eller stäng av chacha20-poly1305 och CBC med -etm.",
            "Update the SSH server, or turn off chacha20-poly1305 and CBC with -etm.",
        ],
    ),
    words(
        "ssh-1-offered",
        ["SSH version 1 erbjuds", "SSH version 1 is offered"],
        ["Stäng av version 1.", "Turn version 1 off."],
    ),
];
