//! The files that are at hand, and which of them an `include` means.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use portvakt_model::SourceId;

/// Most inclusions that are followed in all: a few hostile files could name each other without end.
const MOST: u32 = 20_000;

/// A file, or a part of one that stands for a file (`nginx -T`).
#[derive(Debug)]
pub(crate) struct File<'a> {
    pub(crate) id: SourceId,
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// Lines and bytes of the source before it.
    pub(crate) before: (u32, u32),
}

/// What an `include` means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// These files, in the order in which the server reads them; none where a pattern fits none of a folder
    /// that is at hand.
    Files(Vec<usize>),
    /// Something that was not given.
    Unread,
}

/// Files that configurations may include, found by their paths.
#[derive(Debug)]
pub(crate) struct Library<'a> {
    pub(crate) files: Vec<File<'a>>,
    /// Files of each folder by the names that they have there.
    folders: BTreeMap<String, BTreeMap<String, usize>>,
    left: Cell<u32>,
    /// Folders that a pattern picked from, each with the file whose configuration it was.
    picked: RefCell<BTreeSet<(String, usize)>>,
}

impl<'a> Library<'a> {
    pub(crate) fn new(files: Vec<File<'a>>) -> Self {
        let mut folders: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (index, file) in files.iter().enumerate() {
            let (folder, name) = split(file.path);
            folders.entry(folder).or_default().insert(name, index);
        }
        Self { files, folders, left: Cell::new(MOST), picked: RefCell::default() }
    }

    /// Makes a file known by another path, as a link to it is.
    pub(crate) fn alias(&mut self, path: &str, file: usize) {
        let (folder, name) = split(path);
        self.folders.entry(folder).or_default().insert(name, file);
    }

    /// Makes it known that a folder is at hand, though there may be no file in it.
    pub(crate) fn folder(&mut self, path: &str) {
        self.folders.entry(segments(path).join("/")).or_default();
    }

    /// Whether a pattern of another configuration than its own picked from the folder that a file is in:
    /// if it was not picked, it is not in force.
    pub(crate) fn is_left_out(&self, path: &str, file: usize) -> bool {
        let (folder, _) = split(path);
        let enabled = folder.strip_suffix("-available").map(|stem| format!("{stem}-enabled"));
        self.picked.borrow().iter().any(|(picked, by)| {
            *by != file && (*picked == folder || Some(picked) == enabled.as_ref())
        })
    }

    /// What `pattern` means in the configuration that begins with the file `root`, where it stands in the
    /// file `from`. A relative path begins in the folder of `root`. Configurations are seldom given in the
    /// folders that they have on the server: of a path as much of its end is taken as fits below a folder
    /// of one of the two files.
    pub(crate) fn find(&self, pattern: &str, root: usize, from: usize) -> Meant {
        let wanted = segments(pattern);
        let Some((name, wanted)) = wanted.split_last() else { return Meant::Unread };
        if self.left.replace(self.left.get().saturating_sub(1)) == 0 || wanted.contains(&"..") {
            return Meant::Unread;
        }
        let bases = self.bases(root, from);
        let relative = !pattern.starts_with('/');
        for skipped in 0..=wanted.len() {
            let tail = &wanted[skipped..];
            if tail.is_empty() && is_pattern(name) && !(relative && skipped == 0) {
                break;
            }
            for base in &bases {
                if let Some(files) = self.matching(base, tail, name, root) {
                    return Meant::Files(files);
                }
            }
        }
        Meant::Unread
    }

    /// Folders that a path may begin in: those of the two files and the ones above them.
    fn bases(&self, root: usize, from: usize) -> Vec<String> {
        let mut bases = Vec::new();
        for file in [root, from] {
            let mut folder = split(self.files[file].path).0;
            loop {
                let above = folder.rsplit_once('/').map(|(above, _)| above.to_owned());
                let done = folder.is_empty();
                bases.push(std::mem::take(&mut folder));
                if done {
                    break;
                }
                folder = above.unwrap_or_default();
            }
        }
        let mut seen = BTreeSet::new();
        bases.retain(|base| seen.insert(base.clone()));
        bases
    }

    /// Files below `base` that fit; `None` where what is named is not at hand.
    fn matching(&self, base: &str, tail: &[&str], name: &str, root: usize) -> Option<Vec<usize>> {
        let folders: Vec<String> = if tail.iter().any(|part| is_pattern(part)) {
            self.folders.keys().filter(|f| fits_below(base, tail, f)).cloned().collect()
        } else {
            let mut whole = segments(base);
            whole.extend(tail);
            vec![whole.join("/")]
        };
        let mut found = Vec::new();
        let mut known = false;
        for folder in folders {
            let Some(files) = self.folders.get(&folder) else { continue };
            if is_pattern(name) {
                known = true;
                self.picked.borrow_mut().insert((folder, root));
                found.extend(files.iter().filter(|(n, _)| fits(name, n)).map(|(_, file)| *file));
            } else {
                known |= files.contains_key(name);
                found.extend(files.get(name).copied());
                // Apache takes a folder for all that is in it.
                if let Some(all) = self.folders.get(&format!("{folder}/{name}")) {
                    known = true;
                    found.extend(all.values());
                }
            }
        }
        known.then_some(found)
    }
}

/// The parts of a path; those that are empty or `.` say nothing.
fn segments(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).collect()
}

fn split(path: &str) -> (String, String) {
    let mut parts = segments(path);
    let name = parts.pop().unwrap_or_default().to_owned();
    (parts.join("/"), name)
}

pub(crate) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

fn fits_below(base: &str, tail: &[&str], folder: &str) -> bool {
    let (base, folder) = (segments(base), segments(folder));
    let rest = folder.strip_prefix(&base[..]);
    rest.is_some_and(|r| r.len() == tail.len() && r.iter().zip(tail).all(|(n, p)| fits(p, n)))
}

/// Whether a name fits a pattern of glob(7) without folders: `*`, `?`, `[a-z]`, `[!a-z]`. A point at the
/// beginning has to be named.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    if name.first() == Some(&'.') && pattern.first() != Some(&'.') {
        return false;
    }
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(len) = one(&pattern[p..], name[n]) {
            (p, n) = (p + len, n + 1);
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (p, n) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How much of a pattern takes one character, if it does.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => Some(1),
        '[' => class(pattern, c).or((c == '[').then_some(1)),
        '\\' => (pattern.get(1) == Some(&c)).then_some(2),
        own => (own == c).then_some(1),
    }
}

fn class(pattern: &[char], c: char) -> Option<usize> {
    let not = matches!(pattern.get(1), Some('!' | '^'));
    let first = 1 + usize::from(not);
    // A bracket that stands first is one of the characters.
    let end = first + 1 + pattern.get(first + 1..)?.iter().position(|c| *c == ']')?;
    let body = &pattern[first..end];
    let ranges = body.windows(3).any(|w| w[1] == '-' && (w[0]..=w[2]).contains(&c));
    ((ranges || body.contains(&c)) != not).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library<'a>(paths: &[&'a str]) -> Library<'a> {
        let file = |(n, path): (usize, &&'a str)| File {
            id: SourceId(n as u32),
            path,
            text: "",
            before: (0, 0),
        };
        Library::new(paths.iter().enumerate().map(file).collect())
    }

    #[test]
    fn a_path_is_found_where_the_export_has_it() {
        let all = library(&[
            "exports/a/nginx.conf",
            "exports/a/conf.d/1.conf",
            "exports/a/conf.d/2.conf",
            "exports/a/conf.d/3.conf.off",
            "exports/b/etc/nginx/nginx.conf",
            "exports/b/etc/nginx/conf.d/1.conf",
            "exports/c/nginx.conf",
            "exports/c/ssl.conf",
        ]);
        let find = |pattern, root| all.find(pattern, root, root);
        let files = |files: &[usize]| Meant::Files(files.to_vec());
        assert_eq!(find("/etc/nginx/conf.d/*.conf", 0), files(&[1, 2]));
        assert_eq!(find("conf.d/[!1].conf", 0), files(&[2]));
        assert_eq!(find("/etc/nginx/conf.d/*.conf", 4), files(&[5]));
        assert_eq!(find("/etc/nginx/conf.d/*.none", 0), files(&[]), "the folder is at hand");
        assert_eq!(find("/etc/nginx/sites-enabled/*", 0), Meant::Unread);
        assert_eq!(find("snippets/ssl.conf", 6), files(&[7]), "a name alone");
        assert_eq!(find("snippets/ssl.conf", 0), Meant::Unread, "of another server");
        assert_eq!(find("/etc/nginx/conf.d/*.conf", 6), Meant::Unread);
        assert!(all.is_left_out("exports/a/conf.d/3.conf.off", 3));
        assert!(!all.is_left_out("exports/c/ssl.conf", 7));
    }

    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, name) in [
            ("*", "a"),
            ("*.conf", "a.b.conf"),
            ("[0-9]*-?.c", "12-x.c"),
            ("[]a]", "]"),
            ("[", "["),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*", ".a"), ("*.conf", "a.conf~"), ("[!0-9]", "5"), ("?", ""), ("a", "ab")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
