//! Who reaches whom as a drawing that stands alone: a column of senders, a column of receivers.

use std::fmt::Write as _;

/// A drawing of classes and of the pairs that may connect.
pub(crate) struct Graph {
    /// What it shows, in words.
    pub(crate) title: String,
    /// Headings of the two columns.
    pub(crate) heads: [&'static str; 2],
    pub(crate) nodes: Vec<Node>,
    /// Pairs of nodes by index.
    pub(crate) edges: Vec<(usize, usize)>,
}

/// A class: its name, and lines that tell what is in it.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
}

/// Width of the drawing and of a box, and where the columns begin.
const WIDTH: usize = 960;
const BOX: usize = 300;
const COLUMNS: [usize; 2] = [10, WIDTH - BOX - 10];
/// Heights: above the first box, of a line, around a box's lines, between boxes.
const TOP: usize = 70;
const LINE: usize = 18;
const PADDING: usize = 10;
const GAP: usize = 12;

const STYLE: &str = "\
svg{font:13px system-ui,\"Segoe UI\",sans-serif;background:#fff}\
text{fill:#1c2430}.soft{fill:#5a6675}.name,.title{font-weight:600}.title{font-size:15px}\
rect{fill:#f5f7f9;stroke:#5a6675}line{stroke:#2f6690;stroke-width:1.3;stroke-opacity:.7}\
marker path{fill:#2f6690}\
@media (prefers-color-scheme:dark){svg{background:#12171e}text{fill:#e7ebf0}.soft{fill:#a3afbd}\
rect{fill:#1a212b;stroke:#a3afbd}line{stroke:#85bbe6}marker path{fill:#85bbe6}}\
@media print{svg{background:#fff}text{fill:#000}.soft{fill:#333}rect{fill:#fff;stroke:#333}\
line{stroke:#000}marker path{fill:#000}}";

/// The drawing as SVG.
pub(crate) fn svg(graph: &Graph) -> String {
    let places = places(&graph.nodes);
    let height = places.last().map_or(TOP, |(top, height)| top + height) + GAP;
    let mut out = String::new();
    let title = escaped(&graph.title);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"title\">\n<title id=\"title\">{title}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\"/></marker></defs>\n\
         <text class=\"title\" x=\"{}\" y=\"24\">{title}</text>\n",
        COLUMNS[0]
    );
    for (head, x) in graph.heads.iter().zip(COLUMNS) {
        let _ = writeln!(out, "<text class=\"soft\" x=\"{x}\" y=\"54\">{}</text>", escaped(head));
        for (node, place) in graph.nodes.iter().zip(&places) {
            draw_box(&mut out, node, x, *place);
        }
    }
    for &(from, to) in &graph.edges {
        draw_edge(&mut out, graph, &places, from, to);
    }
    out.push_str("</svg>\n");
    out
}

/// Top and height of each node's boxes.
fn places(nodes: &[Node]) -> Vec<(usize, usize)> {
    let mut top = TOP;
    let place = |node: &Node| {
        let place = (top, (node.lines.len() + 1) * LINE + PADDING);
        top += place.1 + GAP;
        place
    };
    nodes.iter().map(place).collect()
}

fn draw_box(out: &mut String, node: &Node, x: usize, (top, height): (usize, usize)) {
    let _ =
        writeln!(out, "<rect x=\"{x}\" y=\"{top}\" width=\"{BOX}\" height=\"{height}\" rx=\"4\"/>");
    let names = std::iter::once(("name", &node.name));
    let lines = node.lines.iter().map(|line| ("soft", line));
    for (row, (class, text)) in names.chain(lines).enumerate() {
        let (x, y) = (x + PADDING, top + (row + 1) * LINE);
        let _ =
            writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text));
    }
}

fn draw_edge(out: &mut String, graph: &Graph, places: &[(usize, usize)], from: usize, to: usize) {
    let middle = |node: usize| places[node].0 + places[node].1 / 2;
    let (x1, x2) = (COLUMNS[0] + BOX, COLUMNS[1] - 2);
    let (a, b) = (&graph.nodes[from].name, &graph.nodes[to].name);
    let _ = writeln!(
        out,
        "<line x1=\"{x1}\" y1=\"{}\" x2=\"{x2}\" y2=\"{}\" marker-end=\"url(#arrow)\">\
         <title>{} → {}</title></line>",
        middle(from),
        middle(to),
        escaped(a),
        escaped(b)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_drawn_on_both_sides_and_every_edge_once() {
        let node = |name: &str, lines: &[&str]| Node {
            name: name.to_owned(),
            lines: lines.iter().map(|l| (*l).to_owned()).collect(),
        };
        let drawn = svg(&Graph {
            title: "fw <filter> & co".to_owned(),
            heads: ["from", "to"],
            nodes: vec![node("a", &["10.0.0.0/8"]), node("b", &["rest", "more"])],
            edges: vec![(0, 1), (1, 1)],
        });
        assert_eq!(drawn.matches("<rect").count(), 4);
        assert_eq!(drawn.matches("<line ").count(), 2);
        assert!(drawn.contains("fw &lt;filter&gt; &amp; co") && !drawn.contains("<filter>"));
        let lower = TOP + (2 * LINE + PADDING) + GAP;
        assert!(drawn.contains(&format!("y=\"{lower}\"")), "boxes don't lie on each other");
    }
}
