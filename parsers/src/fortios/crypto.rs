//! Versions, suites and algorithms of the web interface and of SSH, set or by default.

use portvakt_model::Fact;

use super::management::CLI;
use super::scope::Scope;
use super::tree::Node;

/// Algorithms of SSH: `config system global`, since 7.4.4 `config system ssh-config` (FortiOS 7.4.8 CLI
/// Reference), and the switches that were before the lists.
pub(super) fn ssh_algorithms(
    scope: &Scope<'_, '_>,
    global: Option<Node<'_, '_>>,
) -> Option<Vec<Fact<String>>> {
    const LISTS: [&str; 5] =
        ["ssh-enc-algo", "ssh-kex-algo", "ssh-mac-algo", "ssh-hostkey-algo", "ssh-hsk-algo"];
    const SWITCHES: [&str; 4] = ["ssh-cbc-cipher", "ssh-hmac-md5", "ssh-kex-sha1", "ssh-mac-weak"];
    let own = scope.section("system ssh-config");
    let listed = || {
        let nodes = own.into_iter().chain(global);
        nodes.flat_map(|node| LISTS.iter().flat_map(move |key| node.list(key)))
    };
    let mut found: Vec<Fact<String>> =
        listed().map(|(name, line)| Fact::explicit(name.to_owned(), line)).collect();
    let switches = global.into_iter().flat_map(|node| {
        SWITCHES.iter().filter_map(move |key| Some((node, *key, node.setting(key)?)))
    });
    let switches: Vec<_> = switches.collect();
    let on = switches.iter().filter(|(node, key, _)| node.is(key, "enable"));
    found.extend(on.map(|(_, key, setting)| Fact::explicit((*key).to_owned(), setting.line)));
    let told = !found.is_empty() || !switches.is_empty() || is_default_strong(scope, global);
    told.then_some(found)
}

/// Whether the lists that are not set hold nothing outdated: `aes256-ctr`, `hmac-sha2-256`, elliptic curves
/// and their like (FortiOS 7.4.8 CLI Reference, `config system ssh-config`). Without `strong-crypto` more
/// is allowed; what earlier versions have is not looked up.
fn is_default_strong(scope: &Scope<'_, '_>, global: Option<Node<'_, '_>>) -> bool {
    let strong = global.is_none_or(|node| !node.is("strong-crypto", "disable"));
    let shown = scope.header.whole || global.is_some();
    strong && shown && scope.is_at_least((7, 4, 4)) == Some(true)
}

/// Suites of the web interface. `admin-https-ssl-ciphersuites` chooses those of TLS 1.3; those of TLS 1.2
/// are taken away in groups, static keys by `admin-https-ssl-banned-ciphers` or for the whole box by
/// `ssl-static-key-ciphers`. `strong-crypto` takes some of them away, not all (FortiOS 7.2.5 Administration
/// Guide, "FortiGate encryption algorithm cipher suites").
pub(super) fn tls_ciphers(
    scope: &Scope<'_, '_>,
    global: Option<Node<'_, '_>>,
    versions: Option<&Fact<Vec<String>>>,
) -> Option<Vec<Fact<String>>> {
    const STATIC: &str = "ssl-static-key-ciphers";
    let list = |key| global.map(|node| node.list(key)).unwrap_or_default();
    let chosen = list("admin-https-ssl-ciphersuites").into_iter();
    let chosen = chosen.map(|(name, line)| Fact::explicit(name.replace('-', "_"), line));
    let banned = list("admin-https-ssl-banned-ciphers").iter().any(|(word, _)| *word == "STATIC");
    let only_13 = versions.is_some_and(|fact| fact.value == ["TLSv1.3"]);
    let set = global.and_then(|node| node.setting(STATIC));
    let is_on = |node: Node<'_, '_>| node.is(STATIC, "enable");
    let fixed = match set {
        _ if banned || only_13 => None,
        Some(setting) => {
            let line = global.filter(|node| is_on(*node)).map(|_| setting.line);
            line.map(|line| Fact::explicit(STATIC.to_owned(), line))
        }
        None if is_static_by_default(scope, global) => {
            Some(Fact::default_of(STATIC.to_owned(), CLI))
        }
        None => return chosen.len().gt(&0).then(|| chosen.collect()),
    };
    Some(chosen.chain(fixed).collect())
}

/// `ssl-static-key-ciphers` is on where it is not set: FortiOS CLI References 6.0 to 7.6, `config system
/// global`.
fn is_static_by_default(scope: &Scope<'_, '_>, global: Option<Node<'_, '_>>) -> bool {
    let known = |at_least| scope.is_at_least(at_least);
    let shown = scope.header.whole || global.is_some();
    shown && known((6, 0, 0)) == Some(true) && known((7, 7, 0)) == Some(false)
}

/// `tlsv1-2` is `TLSv1.2`. The default of older versions is another one.
pub(super) fn tls_versions(
    scope: &Scope<'_, '_>,
    global: Option<Node<'_, '_>>,
) -> Option<Fact<Vec<String>>> {
    let listed = global.map(|g| g.list("admin-https-ssl-versions")).unwrap_or_default();
    if let Some((_, line)) = listed.first() {
        let name = |text: &str| match text.strip_prefix("tls") {
            Some(rest) => format!("TLS{}", rest.replace('-', ".")),
            None => text.to_owned(),
        };
        return Some(Fact::explicit(listed.iter().map(|(v, _)| name(v)).collect(), *line));
    }
    let recent = scope.is_at_least((7, 0, 0)) == Some(true);
    recent.then(|| Fact::default_of(vec!["TLSv1.2".to_owned(), "TLSv1.3".to_owned()], CLI))
}
