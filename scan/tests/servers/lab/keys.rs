//! Certificates, made by openssl while the tests run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use super::{open_to_all, run};

/// A key with a certificate for `post.example`, and the authority that signed it.
pub(crate) struct Keys {
    folder: TempDir,
}

/// With a key of 2048 bits. Signed by an authority of its own.
pub(crate) fn rsa() -> Arc<Keys> {
    static KEYS: Mutex<Weak<Keys>> = Mutex::new(Weak::new());
    shared(&KEYS, &["rsa:2048"])
}

/// With a key on P-256.
pub(crate) fn ec() -> Arc<Keys> {
    static KEYS: Mutex<Weak<Keys>> = Mutex::new(Weak::new());
    shared(&KEYS, &P_256)
}

const P_256: [&str; 3] = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/// One for all tests that run at a time; the last takes its folder away.
fn shared(keys: &Mutex<Weak<Keys>>, kind: &[&str]) -> Arc<Keys> {
    let mut known = keys.lock().unwrap_or_else(PoisonError::into_inner);
    known.upgrade().unwrap_or_else(|| {
        let made = Arc::new(Keys::new(kind));
        *known = Arc::downgrade(&made);
        made
    })
}

impl Keys {
    fn new(kind: &[&str]) -> Self {
        let folder = super::folder();
        let keys = Self { folder };
        let path = keys.folder.path();
        openssl(
            path,
            &["req", "-x509", "-newkey"],
            kind,
            "-nodes -subj /CN=Prov-CA -days 30 -keyout ca.key -out ca.pem",
        );
        openssl(
            path,
            &["req", "-new", "-newkey"],
            kind,
            "-nodes -subj /CN=post.example -addext subjectAltName=DNS:post.example,IP:127.0.0.1 -keyout key.pem -out leaf.csr",
        );
        openssl(
            path,
            &["x509"],
            &[],
            "-req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -copy_extensions copy -out leaf.pem",
        );
        let chain = [keys.read("leaf.pem"), keys.read("ca.pem")].concat();
        std::fs::write(path.join("chain.pem"), &chain).unwrap();
        std::fs::write(path.join("all.pem"), [keys.read("key.pem"), chain].concat()).unwrap();
        let words =
            "-export -inkey key.pem -in chain.pem -name leaf -passout pass:test -out store.p12";
        openssl(path, &["pkcs12"], &[], words);
        keys.open();
        keys
    }

    /// One that nobody shares.
    pub(crate) fn another_ec() -> Self {
        Self::new(&P_256)
    }

    /// Servers that read their key as another user must be able to; it is a key for nothing.
    fn open(&self) {
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            open_to_all(&file.unwrap().path());
        }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// The leaf alone.
    pub(crate) fn leaf(&self) -> String {
        self.path("leaf.pem")
    }

    /// The leaf and its authority.
    pub(crate) fn chain(&self) -> String {
        self.path("chain.pem")
    }

    /// The leaf's key.
    pub(crate) fn key(&self) -> String {
        self.path("key.pem")
    }

    /// Key and chain in one file.
    pub(crate) fn all(&self) -> String {
        self.path("all.pem")
    }

    /// The authority.
    pub(crate) fn authority(&self) -> String {
        self.path("ca.pem")
    }

    /// A certificate of the chain as DER: 0 is the leaf.
    pub(crate) fn der(&self, index: usize) -> Vec<u8> {
        let name = ["leaf.pem", "ca.pem"][index];
        openssl(self.folder.path(), &["x509"], &[], &format!("-in {name} -outform DER"))
    }

    /// The leaf's key as DER (PKCS#8).
    pub(crate) fn key_der(&self) -> Vec<u8> {
        let words = "-topk8 -nocrypt -in key.pem -outform DER";
        openssl(self.folder.path(), &["pkcs8"], &[], words)
    }

    /// An OCSP response that says that the leaf is good.
    pub(crate) fn ocsp(&self) -> String {
        let path = self.folder.path();
        let serial =
            run(Command::new("openssl").args(["x509", "-noout", "-serial", "-in", &self.leaf()]));
        let serial = serial.trim().trim_start_matches("serial=");
        let line = format!("V\t491231235959Z\t\t{serial}\tunknown\t/CN=post.example\n");
        std::fs::write(path.join("index.txt"), line).unwrap();
        let words = "-index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem \
                     -cert leaf.pem -ndays 7 -respout ocsp.der";
        openssl(path, &["ocsp"], &[], words);
        self.path("ocsp.der")
    }

    /// Key and chain as PKCS#12 with the password `test`.
    pub(crate) fn pkcs12(&self) -> String {
        self.path("store.p12")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Runs openssl in a folder. Several tests do at the same time with the same keys, so that what is made
/// later than the keys comes as output, not as a file.
fn openssl(folder: &Path, command: &[&str], kind: &[&str], rest: &str) -> Vec<u8> {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args(command).args(kind).args(rest.split_ascii_whitespace());
    let output = openssl.stdin(Stdio::null()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{openssl:?}: {complaint}");
    output.stdout
}
