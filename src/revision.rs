//! Files as a revision of a git repository has them: `REVISION:PATH`, as git itself writes it.
//!
//! `git` is run with arguments, never through a shell, and only to read objects: nothing is
//! checked out, no filter or hook of the repository runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, anyhow, bail};
use portvakt_parsers::MAX_BYTES;

/// Most files that are read from one revision.
const MAX_FILES: usize = 100_000;
/// Most bytes of an answer of git other than a file's contents.
const MAX_ANSWER: u64 = 64 << 20;

/// A file with its path in the revision.
pub type Blob = (String, Vec<u8>);

/// Whether an argument that names no file can be `REVISION:PATH`.
pub fn is_one(text: &str) -> bool {
    text.split_once(':').is_some_and(|(revision, _)| !revision.is_empty())
}

/// The file, or the files below the folder, that `REVISION:PATH` names. Hidden files, links and
/// submodules are left out of a folder.
pub fn read(text: &str) -> anyhow::Result<Vec<Blob>> {
    let (revision, path) = text.split_once(':').unwrap_or((text, ""));
    if revision.starts_with('-') || text.contains('\n') {
        bail!("\"{text}\" is no path in a revision");
    }
    let commit = format!("{revision}^{{commit}}");
    if ask(&["cat-file", "-e", &commit])?.is_none() {
        bail!("git knows no revision \"{revision}\" here; `git log` lists those that there are");
    }
    let kind = ask(&["cat-file", "-t", text])?;
    match kind.as_deref().map(str::trim) {
        Some("blob") => Ok(vec![(text.to_owned(), contents(&[text.to_owned()])?.remove(0))]),
        Some("tree") => folder(text),
        _ => bail!(
            "revision {revision} has no \"{path}\"; paths count from the top of the repository, \
             or with ./ from this folder"
        ),
    }
}

fn folder(text: &str) -> anyhow::Result<Vec<Blob>> {
    let list = ask(&["ls-tree", "-r", "-z", "--full-tree", text])?
        .ok_or_else(|| anyhow!("git cannot list \"{text}\""))?;
    let mut files: Vec<(String, String)> = list.split('\0').filter_map(entry).collect();
    files.sort();
    if files.len() > MAX_FILES {
        bail!("\"{text}\" has {} files, of which {MAX_FILES} at most are read", files.len());
    }
    let objects: Vec<String> = files.iter().map(|(_, object)| object.clone()).collect();
    let separator = if text.ends_with([':', '/']) { "" } else { "/" };
    let names = files.into_iter().map(|(name, _)| format!("{text}{separator}{name}"));
    Ok(names.zip(contents(&objects)?).collect())
}

/// Path and object of one entry, `MODE TYPE OBJECT<tab>PATH`, when it is a file that is read.
fn entry(line: &str) -> Option<(String, String)> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    (mode.starts_with("100") && !hidden).then(|| (path.to_owned(), object.to_owned()))
}

fn git(args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(["--no-pager", "--no-replace-objects"]).args(args);
    git.env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C").stderr(Stdio::null());
    git
}

fn started(mut command: Command) -> anyhow::Result<Child> {
    command.spawn().context("cannot run git, which reads revisions: is it installed?")
}

/// What git prints; `None` when it fails.
fn ask(args: &[&str]) -> anyhow::Result<Option<String>> {
    let mut command = git(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = started(command)?;
    let mut text = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(MAX_ANSWER + 1).read_to_end(&mut text)?;
    }
    if text.len() as u64 > MAX_ANSWER {
        child.kill()?;
        child.wait()?;
        bail!("git lists more than {} MiB", MAX_ANSWER >> 20);
    }
    let succeeded = child.wait()?.success();
    Ok(succeeded.then(|| String::from_utf8_lossy(&text).into_owned()))
}

/// The contents of objects, one after the other through one `git cat-file --batch`.
fn contents(objects: &[String]) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut command = git(&["cat-file", "--batch"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = started(command)?;
    let (Some(mut asked), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("git cannot be talked to");
    };
    let mut answers = BufReader::new(answers);
    let mut all = Vec::with_capacity(objects.len());
    for object in objects {
        writeln!(asked, "{object}")?;
        asked.flush()?;
        all.push(answer(&mut answers, object)?);
    }
    drop(asked);
    child.wait()?;
    Ok(all)
}

/// `OBJECT blob SIZE`, a line break, the bytes, a line break.
fn answer(answers: &mut impl BufRead, object: &str) -> anyhow::Result<Vec<u8>> {
    let mut head = String::new();
    answers.by_ref().take(4096).read_line(&mut head)?;
    let size = head.trim().rsplit_once(" blob ").and_then(|(_, size)| size.parse::<u64>().ok());
    let size = size.ok_or_else(|| anyhow!("git cannot read {object}"))?;
    if size > MAX_BYTES as u64 {
        bail!("{object} is larger than 2 GiB");
    }
    let mut bytes = Vec::with_capacity(size as usize);
    answers.by_ref().take(size).read_to_end(&mut bytes)?;
    let mut end = [0];
    answers.read_exact(&mut end)?;
    if bytes.len() as u64 != size {
        bail!("git broke off in {object}");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_a_folder_are_read() {
        let of = |line| entry(line).map(|(path, _)| path);
        assert_eq!(of("100644 blob 12ab\tfw-1.rules").as_deref(), Some("fw-1.rules"));
        assert_eq!(of("100755 blob 12ab\ta b/fw.conf").as_deref(), Some("a b/fw.conf"));
        assert_eq!(of("120000 blob 12ab\tlink"), None);
        assert_eq!(of("160000 commit 12ab\tmodule"), None);
        assert_eq!(of("100644 blob 12ab\t.git-crypt/key"), None);
    }

    #[test]
    fn what_looks_like_an_option_never_comes_to_git() {
        assert!(read("--output=x:configs").is_err_and(|e| e.to_string().contains("no path")));
        assert!(read("HEAD:a\nb").is_err_and(|e| e.to_string().contains("no path")));
    }

    #[test]
    fn a_revision_stands_before_a_colon() {
        assert!(is_one("HEAD~1:configs") && is_one("v1:"));
        assert!(!is_one("configs") && !is_one(":configs"));
    }
}
