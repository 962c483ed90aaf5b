//! Configurations that stand in several files.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_model::Device;

use super::book::{Book, Part};
use super::library::{File, Library};
use super::{Read, apache, haproxy, nginx};
use crate::{Beside, Build, Context};

/// What a format does with several files.
pub(crate) struct Kind {
    pub(crate) format: &'static str,
    read: Read,
    /// Names of files that come with the program and say nothing of TLS.
    stock: &'static [&'static str],
}

pub(crate) static KINDS: [Kind; 3] = [
    Kind { format: "nginx", read: nginx::read, stock: &nginx::STOCK },
    Kind { format: "apache-httpd", read: apache::read, stock: &apache::STOCK },
    Kind { format: "haproxy", read: haproxy::read, stock: &[] },
];

/// Reads the configurations among some files. The answer has something for each file that is of one: for
/// those that it begins with a device, for the others the states of their lines. Files that are not in force
/// are neutral. What is of none, or needs no other, is left to its own parser.
pub(crate) fn join<'c>(
    files: &[Beside],
    folders: &[String],
    context: &'c Context,
) -> Vec<Option<Build<'c>>> {
    let mut done: Vec<Option<Build<'c>>> = files.iter().map(|_| None).collect();
    for kind in &KINDS {
        let may_be = |f: &Beside| {
            f.format.is_none_or(|format| format == kind.format) && !nginx::is_whole(&f.text)
        };
        let mine: Vec<usize> =
            (0..files.len()).filter(|n| done[*n].is_none() && may_be(&files[*n])).collect();
        let roots: Vec<usize> =
            (0..mine.len()).filter(|n| files[mine[*n]].format.is_some()).collect();
        let library = library(mine.iter().map(|n| &files[*n]), folders);
        let mut read = Configurations::read(kind, &library, &roots);
        for (index, at) in mine.iter().enumerate() {
            let file = &files[*at];
            let mut build =
                Build::new(file.id, kind.format, file.text.lines().count() as u32, context);
            if let Some(part) = read.parts.remove(&index) {
                build.take(part);
                build.devices.extend(read.devices.remove(&index));
            } else if !roots.is_empty() && is_idle(kind, &library, index) {
                (1..=build.coverage.len() as u32).for_each(|line| build.neutral(line));
            } else {
                continue;
            }
            done[*at] = Some(build);
        }
    }
    done
}

/// Whether a file that no configuration includes is known not to be in force: it came with the program, or
/// lies where a pattern picked others.
fn is_idle(kind: &Kind, library: &Library<'_>, file: usize) -> bool {
    let path = library.files[file].path;
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    kind.stock.contains(&name) || library.is_left_out(path, file)
}

fn library<'a>(files: impl Iterator<Item = &'a Beside> + Clone, folders: &[String]) -> Library<'a> {
    let file = |f: &'a Beside| File { id: f.id, path: &f.path, text: &f.text, before: (0, 0) };
    let mut library = Library::new(files.clone().map(file).collect());
    for (index, file) in files.enumerate() {
        file.links.iter().for_each(|link| library.alias(link, index));
    }
    for folder in folders {
        library.folder(folder);
    }
    library
}

/// What was read of the configurations of one kind.
struct Configurations {
    /// The device of each file that a configuration begins with.
    devices: BTreeMap<usize, Device>,
    /// What is known of the lines of each file that was read.
    parts: BTreeMap<usize, Part>,
}

impl Configurations {
    /// A configuration begins with each file that no other includes; where files include each other in a
    /// ring, with the first of them.
    fn read(kind: &Kind, library: &Library<'_>, roots: &[usize]) -> Self {
        let mut trials = BTreeMap::new();
        let mut included = BTreeSet::new();
        for root in roots {
            let mut book = Book::new(library, *root);
            let device = (kind.read)(&mut book);
            included.extend(book.read.iter().copied().filter(|file| file != root));
            trials.insert(*root, (device, book.read, book.parts));
        }
        let mut read = Self { devices: BTreeMap::new(), parts: BTreeMap::new() };
        let (later, first): (Vec<usize>, Vec<usize>) =
            roots.iter().partition(|root| included.contains(root));
        for root in first.into_iter().chain(later) {
            let left_out = library.is_left_out(library.files[root].path, root);
            if read.parts.contains_key(&root) || left_out {
                continue;
            }
            let Some((device, files, mut parts)) = trials.remove(&root) else { continue };
            read.devices.insert(root, device);
            for file in files {
                let Some(part) = parts.remove(&library.files[file].id) else { continue };
                read.parts.entry(file).or_default().add(part);
            }
        }
        read
    }
}
