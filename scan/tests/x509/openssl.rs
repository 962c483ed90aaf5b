//! Certificates and keys that OpenSSL makes, in a folder of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A folder with the command `openssl` at work in it.
pub(crate) struct Openssl {
    folder: TempDir,
}

impl Openssl {
    /// `None`, with a message, where the command is missing. Where `CI` is set that is a failure.
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    pub(crate) fn new() -> Option<Self> {
        let is_there =
            Command::new("openssl").arg("version").output().is_ok_and(|o| o.status.success());
        if !is_there {
            assert!(std::env::var_os("CI").is_none(), "openssl is missing");
            println!("skipped: the command openssl is missing");
            return None;
        }
        Some(Self { folder: TempDir::new().unwrap() })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command, in words.
    pub(crate) fn run(&self, line: &str) {
        let words = line.split_whitespace().map(|w| w.replace('~', " "));
        let output =
            Command::new("openssl").args(words).current_dir(self.folder.path()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {line}\n{errors}");
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Makes `name.key`, then `name.der` and `name.pem`: a certificate signed with its own key.
    pub(crate) fn self_signed(&self, name: &str, key: &str, more: &str) -> Vec<u8> {
        self.key(name, key);
        self.run(&format!(
            "req -new -x509 -key {name}.key -out {name}.pem -config /dev/null {more}"
        ));
        self.der(name)
    }

    /// Makes `name.key`: options of `genpkey`.
    pub(crate) fn key(&self, name: &str, options: &str) {
        self.run(&format!("genpkey -out {name}.key {options}"));
    }

    /// Makes `name.pem`, signed by `ca`: its subject, options of `x509 -req`, and extensions as lines.
    pub(crate) fn issued(
        &self,
        name: &str,
        ca: &str,
        subject: &str,
        more: &str,
        extensions: &str,
    ) -> Vec<u8> {
        if !self.path(&format!("{name}.key")).exists() {
            self.key(name, P256);
        }
        fs::write(self.path(&format!("{name}.ext")), extensions).unwrap();
        self.run(&format!(
            "req -new -key {name}.key -out {name}.csr -config /dev/null -subj {subject}"
        ));
        self.run(&format!(
            "x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -out {name}.pem -extfile {name}.ext {more}"
        ));
        self.der(name)
    }

    /// The DER of `name.pem`.
    pub(crate) fn der(&self, name: &str) -> Vec<u8> {
        self.run(&format!("x509 -in {name}.pem -outform DER -out {name}.der"));
        self.bytes(&format!("{name}.der"))
    }
}

pub(crate) const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
