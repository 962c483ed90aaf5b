//! `portvakt diff`: what it answers, in every form, from files, folders and revisions.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{portvakt, stdout};
use serde_json::Value;
use tempfile::TempDir;

const HEAD: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n";
const WEB: &str = "-A FORWARD -s 10.1.0.0/16 -d 10.2.3.4/32 -p tcp -m tcp --dport 443 -j ACCEPT\n";
const SSH: &str = "-A FORWARD -s 10.1.9.0/24 -d 10.2.3.4/32 -p tcp -m tcp --dport 22 -j ACCEPT\n";
const NO_GUESTS: &str = "-A FORWARD -s 10.1.7.0/24 -j DROP\n";

fn rules(lines: &[&str]) -> String {
    format!("{HEAD}{}COMMIT\n", lines.concat())
}

/// A folder with files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn diff(old: &Path, new: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let paths = [old.to_str().unwrap(), new.to_str().unwrap()];
    let output = portvakt(["diff"].iter().chain(&paths).chain(more));
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code(), stdout(&output), errors)
}

fn json(old: &Path, new: &Path) -> (Option<i32>, Value) {
    let (code, text, errors) = diff(old, new, &["--format", "json"]);
    (code, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{errors}")))
}

/// The row of FORWARD, or of another chain.
fn list<'v>(document: &'v Value, name: &str) -> &'v Value {
    let lists = document["rulesets"].as_array().unwrap();
    lists.iter().find(|list| list["name"] == name).unwrap()
}

/// Two files, old and new.
fn two(old: &str, new: &str) -> TempDir {
    folder(&[("old/fw.rules", old), ("new/fw.rules", new)])
}

fn compared(old: &str, new: &str) -> (Option<i32>, Value) {
    let both = two(old, new);
    json(&both.path().join("old/fw.rules"), &both.path().join("new/fw.rules"))
}

#[test]
fn what_became_permitted_is_a_box_with_witness_and_lines() {
    let (code, document) = compared(&rules(&[NO_GUESTS, WEB]), &rules(&[NO_GUESTS, WEB, SSH]));
    assert_eq!(code, Some(1));
    let forward = list(&document, "filter/FORWARD");
    let [change] = &forward["newly_permitted"].as_array().unwrap()[..] else {
        panic!("{forward}");
    };
    assert_eq!(change["src"], serde_json::json!([["10.1.9.0", "10.1.9.255"]]));
    assert_eq!(change["dst"], serde_json::json!([["10.2.3.4", "10.2.3.4"]]));
    assert_eq!(change["proto"], serde_json::json!([[6, 6]]));
    assert_eq!(change["sport"], serde_json::json!([[0, 65_535]]));
    assert_eq!(change["dport"], serde_json::json!([[22, 22]]));
    assert_eq!(change["witness"]["dport"], 22);
    assert_eq!(change["old"][0]["line"], 3, "the default of the chain denied it");
    assert_eq!(change["new"][0]["line"], 6);
    assert!(forward["newly_denied"].as_array().unwrap().is_empty());
    assert!(list(&document, "filter/INPUT")["newly_permitted"].as_array().unwrap().is_empty());
}

#[test]
fn what_is_only_stopped_ends_with_0_and_what_cannot_be_read_with_2() {
    let (code, document) = compared(&rules(&[WEB, SSH]), &rules(&[NO_GUESTS, WEB]));
    assert_eq!(code, Some(0));
    let forward = list(&document, "filter/FORWARD");
    assert_eq!(forward["newly_denied"].as_array().unwrap().len(), 2, "{forward}");
    let both = two(&rules(&[WEB]), "ring drift om porten\n");
    let (old, new) = (both.path().join("old/fw.rules"), both.path().join("new/fw.rules"));
    let (code, _, errors) = diff(&old, &new, &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("fw.rules"), "{errors}");
    let (code, _, errors) = diff(&old, &both.path().join("missing.rules"), &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("missing.rules"), "{errors}");
}

#[test]
fn changes_that_change_nothing_are_told_apart() {
    let narrow = "-A FORWARD -s 10.1.9.0/24 -d 10.2.3.4/32 -p tcp -m tcp --dport 443 -j ACCEPT\n";
    let (code, document) = compared(&rules(&[WEB, SSH]), &rules(&[SSH, narrow, WEB]));
    assert_eq!(code, Some(0));
    let forward = list(&document, "filter/FORWARD");
    assert!(forward["newly_permitted"].as_array().unwrap().is_empty());
    let idle = forward["no_effect"].as_array().unwrap();
    assert!(idle.iter().any(|row| row["side"] == "new" && row["line"] == 5), "{forward}");
    let (code, document) = compared(&rules(&[WEB, SSH]), &rules(&[WEB, SSH]));
    assert_eq!(code, Some(0));
    assert!(list(&document, "filter/FORWARD")["no_effect"].as_array().unwrap().is_empty());
}

#[test]
fn what_hangs_on_an_unknown_match_stands_apart_and_ends_with_1() {
    let unknown = "-A FORWARD -s 10.3.0.0/16 -m recent --rcheck --name OK --rsource -j ACCEPT\n";
    let (code, document) = compared(&rules(&[WEB]), &rules(&[WEB, unknown]));
    assert_eq!(code, Some(1));
    let forward = list(&document, "filter/FORWARD");
    assert!(forward["newly_permitted"].as_array().unwrap().is_empty());
    assert_eq!(forward["maybe_permitted"].as_array().unwrap().len(), 1);
}

#[test]
fn folders_are_compared_device_by_device() {
    let (one, other) = (rules(&[WEB]), rules(&[WEB, SSH]));
    let both = folder(&[
        ("old/a.rules", &one),
        ("old/b.rules", &one),
        ("old/gone.rules", &one),
        ("new/a.rules", &other),
        ("new/b.rules", &one),
        ("new/come.rules", &one),
    ]);
    let (code, document) = json(&both.path().join("old"), &both.path().join("new"));
    assert_eq!(code, Some(1));
    let lists = document["rulesets"].as_array().unwrap();
    let of = |device: &str| {
        let own = lists.iter().filter(|l| l["device"] == device && l["name"] == "filter/FORWARD");
        let [only] = own.collect::<Vec<_>>()[..] else { panic!("{device}: {document}") };
        only
    };
    assert_eq!(of("a")["newly_permitted"].as_array().unwrap().len(), 1);
    assert!(of("b")["newly_permitted"].as_array().unwrap().is_empty());
    assert_eq!((&of("gone")["only_in"], &of("come")["only_in"]), (&"old".into(), &"new".into()));
    assert!(of("a")["only_in"].is_null());
    let (_, text, _) = diff(
        &both.path().join("old"),
        &both.path().join("new"),
        &["--device", "b", "--lang", "en"],
    );
    assert!(text.contains("lists without a difference") && !text.contains("gone"), "{text}");
}

#[test]
fn every_form_says_the_same_and_escapes() {
    let odd = "-A FORWARD -p tcp -m tcp --dport 23 -m comment --comment \"<script>x</script>\" -j ACCEPT\n";
    let both = two(&rules(&[WEB]), &rules(&[WEB, odd]));
    let (old, new) = (both.path().join("old/fw.rules"), both.path().join("new/fw.rules"));
    let (_, text, _) = diff(&old, &new, &["--lang", "en"]);
    assert!(text.contains("NEWLY PERMITTED") && text.contains("tcp/23"), "{text}");
    let (_, swedish, _) = diff(&old, &new, &[]);
    assert!(swedish.contains("SLÄPPS NU IGENOM"), "{swedish}");
    let (_, page, _) = diff(&old, &new, &["--format", "html", "--lang", "en"]);
    assert!(page.contains("newly permitted") && page.contains("tcp/23"));
    assert!(!page.contains("<script>") && !page.contains("http://") && !page.contains("src="));
    let target = both.path().join("diff.sarif");
    let to = ["--format", "sarif", "--output", target.to_str().unwrap()];
    let (code, said, _) = diff(&old, &new, &to);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    let log: Value = serde_json::from_str(&fs::read_to_string(target).unwrap()).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "newly-permitted");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 5);
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("new/fw.rules"));
}

#[test]
fn an_unknown_list_is_told_with_those_that_there_are() {
    let both = two(&rules(&[WEB]), &rules(&[WEB, SSH]));
    let (old, new) = (both.path().join("old/fw.rules"), both.path().join("new/fw.rules"));
    let (code, _, errors) = diff(&old, &new, &["--ruleset", "nothing"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("filter/FORWARD"), "{errors}");
    let (code, _, _) = diff(&old, &new, &["--ruleset", "input"]);
    assert_eq!(code, Some(0), "only that list is compared");
}

/// Runs git in a folder; whether it is there at all.
fn git(folder: &Path, args: &[&str]) -> bool {
    let fixed =
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let run = Command::new("git").args(fixed).args(args).current_dir(folder).output();
    run.is_ok_and(|output| output.status.success())
}

#[test]
fn revisions_of_a_folder_and_of_a_file_are_read() {
    let repository = folder(&[("configs/fw.rules", &rules(&[WEB])), ("configs/.hidden", "x")]);
    let at = repository.path();
    if !(git(at, &["init", "-q"]) && git(at, &["add", "."]) && git(at, &["commit", "-qm", "a"])) {
        eprintln!("skipped: git is not there");
        return;
    }
    fs::write(at.join("configs/fw.rules"), rules(&[WEB, SSH])).unwrap();
    assert!(git(at, &["commit", "-qam", "b"]));
    let run = |old: &str, new: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_portvakt"))
            .args(["diff", old, new, "--format", "json"])
            .env_remove("PORTVAKT_LANG")
            .current_dir(at)
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr.clone()).unwrap();
        (output.status.code(), stdout(&output), errors)
    };
    for (old, new) in [
        ("HEAD~1:configs", "HEAD:configs"),
        ("HEAD~1:configs/fw.rules", "HEAD:configs/fw.rules"),
        ("HEAD~1:configs", "configs"),
        ("HEAD~1:", "HEAD:"),
    ] {
        let (code, text, errors) = run(old, new);
        assert_eq!(code, Some(1), "{old} {new}: {errors}");
        let document: Value = serde_json::from_str(&text).unwrap();
        let forward = list(&document, "filter/FORWARD");
        assert_eq!(forward["newly_permitted"].as_array().unwrap().len(), 1, "{old} {new}");
    }
    for (old, word) in
        [("nothing:configs", "någon revision"), ("HEAD:nothing", "har inte ”nothing”")]
    {
        let (code, _, errors) = run(old, "HEAD:configs");
        assert_eq!(code, Some(2), "{old}");
        assert!(errors.contains(word), "{old}: {errors}");
    }
}

const NAT: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n\
-A PREROUTING -i eth0 -d 198.51.100.20/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.2.3.4\n\
COMMIT\n";

#[test]
fn another_translation_may_permit_and_a_moved_one_does_not() {
    let old = format!("{NAT}{}", rules(&[WEB]));
    let moved = format!("# a comment above\n{NAT}{}", rules(&[WEB]));
    let (code, document) = compared(&old, &moved);
    assert_eq!((code, &document["nat_changed"]), (Some(0), &serde_json::json!([])));
    let other = old.replace("--to-destination 10.2.3.4", "--to-destination 10.2.3.9");
    let both = two(&old, &other);
    let paths = (both.path().join("old"), both.path().join("new"));
    let (code, document) = json(&paths.0, &paths.1);
    assert_eq!((code, &document["nat_changed"]), (Some(1), &serde_json::json!(["fw"])));
    let (_, sarif, _) = diff(&paths.0, &paths.1, &["--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "not-compared");
}

#[test]
fn a_line_that_nobody_understood_may_permit() {
    let (old, strange) = (rules(&[WEB]), "frobnicate all\n");
    let (code, document) = compared(&rules(&[WEB, strange]), &rules(&[strange, WEB]));
    assert_eq!((code, &document["not_recognised"]), (Some(0), &serde_json::json!([])));
    let both = two(&old, &rules(&[WEB, strange]));
    let paths = (both.path().join("old"), both.path().join("new"));
    let (code, document) = json(&paths.0, &paths.1);
    assert_eq!(code, Some(1), "{document}");
    let [line] = &document["not_recognised"].as_array().unwrap()[..] else { panic!("{document}") };
    assert_eq!((&line["side"], &line["line"]), (&"new".into(), &5.into()));
    for form in ["text", "html", "sarif"] {
        let (code, text, _) = diff(&paths.0, &paths.1, &["--format", form]);
        assert!(code == Some(1) && text.contains("frobnicate all"), "{form}: {text}");
    }
}
