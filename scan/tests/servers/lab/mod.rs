//! Starts and stops servers: each on a free port of loopback, with a folder of its own, in a process
//! group of its own that ends with the test.

pub(crate) mod data;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod other;
pub(crate) mod shell;
pub(crate) mod tls;

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take until it accepts a connection. Databases make their files first, on a
/// machine that is busy.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// How long a server may take to end when it is asked to.
const END_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at something that has no event to wait for.
const PAUSE: Duration = Duration::from_millis(20);

/// Where servers are kept, beside `PATH`.
const FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];
/// Where Debian keeps PostgreSQL, in a folder for each version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// A running server. It ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: TempDir,
    /// Ends those that leave the process group by themselves.
    stop: Option<Command>,
}

impl Server {
    /// Starts it and waits until it accepts connections.
    fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let log = File::create(folder.path().join("server.log")).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Self { address, child, folder, stop: None };
        server.wait_until_ready();
        server
    }

    /// Sets the command that ends it.
    fn stopped_by(mut self, command: Command) -> Self {
        self.stop = Some(command);
        self
    }

    fn wait_until_ready(&mut self) {
        let end = Instant::now() + READY_WITHIN;
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended with {ended:?}:\n{}", self.log());
            assert!(Instant::now() < end, "the server does not accept:\n{}", self.log());
            std::thread::sleep(PAUSE);
        }
    }

    /// What it wrote.
    pub(crate) fn log(&self) -> String {
        std::fs::read(self.folder.path().join("server.log"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        let _ =
            Command::new("kill").args(["-s", name, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.stop {
            Some(command) => drop(command.stdin(Stdio::null()).output()),
            None => self.signal("TERM"),
        }
        let end = Instant::now() + END_WITHIN;
        while Instant::now() < end && self.child.try_wait().is_ok_and(|status| status.is_none()) {
            std::thread::sleep(PAUSE);
        }
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// The path of a program, or why the test is skipped.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir(POSTGRESQL).into_iter().flatten().flatten();
    let folders = std::env::split_paths(&path)
        .chain(FOLDERS.map(PathBuf::from))
        .chain(versions.map(|version| version.path().join("bin")));
    let mut files = folders.map(|folder| folder.join(program));
    let found = files.find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{program} is not installed"));
    }
    found
}

/// Whether we are root, without whom some servers do not start.
pub(crate) fn root() -> bool {
    let id = run(Command::new("id").arg("-u"));
    let is_root = id.trim() == "0";
    if !is_root {
        skip("it needs root");
    }
    is_root
}

/// Says that a test is skipped; where `CI` is set it must not be.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "cannot be tested: {why}");
    eprintln!("skipped: {why}");
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A folder that servers which drop their privileges can read.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("portvakt-").tempdir().unwrap();
    open_to_all(folder.path());
    folder
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Writes a file of a server's folder and tells its path.
fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Runs a program to its end; what it wrote.
fn run(command: &mut Command) -> String {
    let output =
        command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}\n{said}");
    said
}

/// Runs what asks a server.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
