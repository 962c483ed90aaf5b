//! Meaning by the manual, on configurations made up for it.

use crate::{Context, Parsed};
use portvakt_model::SourceId;

fn read(text: &str) -> Parsed {
    let context = Context::default();
    crate::parse(SourceId(0), "fw.conf", text.as_bytes().to_vec(), &context).unwrap()
}

#[test]
fn planted_secrets_are_gone_and_their_neighbours_stay() {
    let text = include_str!("../../../fixtures/secrets/fortios.conf");
    let parsed = read(text);
    let shown: Vec<_> = (1..=parsed.source.line_count()).map(|n| parsed.source.line(n)).collect();
    let shown = shown.join("\n");
    for leak in [parsed.source.text(), &shown, &format!("{:?}", parsed.devices)] {
        assert!(!leak.contains("HEMLIG"), "{:?}", leak.lines().find(|l| l.contains("HEMLIG")));
    }
    assert_eq!(shown.matches("SYNLIG").count(), text.matches("SYNLIG").count());
    assert_eq!(parsed.source.line_count(), text.lines().count() as u32);
}
