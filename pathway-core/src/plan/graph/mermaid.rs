//! A graph in the language of Mermaid.

use std::fmt::Write;

use super::label::shortened;
use super::{Graph, GraphNode, GraphRole};

impl Graph {
    /// The graph in the language of [Mermaid](https://mermaid.js.org), which GitHub and GitLab draw in Markdown: put it into a
    /// block that begins with ```` ```mermaid ````. Sources are cylinders, operators boxes, sinks slanted boxes; dead letters
    /// flow along dotted lines.
    ///
    /// See [`Pipeline::graph`](crate::plan::Pipeline::graph) for an example.
    pub fn to_mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for (number, node) in self.nodes.iter().enumerate() {
            let (open, close) = shape(node.role);
            line(&mut text, format_args!("n{number}{open}\"{}\"{close}", label(node)));
        }
        for edge in &self.edges {
            let arrow = if edge.dead_letters { "-.->" } else { "-->" };
            line(&mut text, format_args!("n{} {arrow} n{}", edge.from, edge.to));
        }
        text
    }
}

/// Writing into a string cannot fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "    {line}");
}

fn shape(role: GraphRole) -> (&'static str, &'static str) {
    match role {
        GraphRole::Source => ("[(", ")]"),
        GraphRole::Operator => ("[", "]"),
        GraphRole::Sink => ("[/", "/]"),
    }
}

fn label(node: &GraphNode) -> String {
    let mut label = format!("<b>{}</b>", escaped(&shortened(&node.name)));
    for detail in node.details() {
        label += "<br/>";
        label += &escaped(&detail);
    }
    label
}

/// Mermaid has codes of its own for characters that mean something to it, or to the HTML that it makes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped += "#quot;",
            '&' => escaped += "#amp;",
            '<' => escaped += "#lt;",
            '>' => escaped += "#gt;",
            '#' => escaped += "#35;",
            ';' => escaped += "#59;",
            // It would be Markdown.
            '`' | '*' | '_' | '\\' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
