//! A graph in the language of Graphviz.

use std::fmt::Write;

use super::label::shortened;
use super::{Graph, GraphNode, GraphRole};

impl Graph {
    /// The graph in DOT, the language of [Graphviz](https://graphviz.org): `dot -Tsvg` draws it.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// # #[derive(Schema)] struct Order { city: String }
    /// let pipeline = Pipeline::named("orders");
    /// let orders = pipeline.rows::<Order>([]);
    /// let _seen = orders.collect();
    /// let expected = r#"digraph "orders" {
    ///     rankdir=LR;
    ///     node [fontname="Helvetica", fontsize=11];
    ///     n0 [shape=cylinder, label="rows"];
    ///     n1 [shape=parallelogram, label="collect"];
    ///     n0 -> n1;
    /// }
    /// "#;
    /// assert_eq!(pipeline.graph().to_dot(), expected);
    /// # pipeline.run()?;
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn to_dot(&self) -> String {
        let mut text = String::new();
        line(&mut text, format_args!("digraph \"{}\" {{", escaped(&self.pipeline)));
        line(&mut text, format_args!("    rankdir=LR;"));
        line(&mut text, format_args!("    node [fontname=\"Helvetica\", fontsize=11];"));
        for (number, node) in self.nodes.iter().enumerate() {
            line(&mut text, format_args!("    n{number} [shape={}, label=\"{}\"];", shape(node.role), label(node)));
        }
        for edge in &self.edges {
            let style = if edge.dead_letters { " [style=dashed]" } else { "" };
            line(&mut text, format_args!("    n{} -> n{}{style};", edge.from, edge.to));
        }
        line(&mut text, format_args!("}}"));
        text
    }
}

/// Writing into a string cannot fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn shape(role: GraphRole) -> &'static str {
    match role {
        GraphRole::Source => "cylinder",
        GraphRole::Operator => "box",
        GraphRole::Sink => "parallelogram",
    }
}

fn label(node: &GraphNode) -> String {
    let lines = std::iter::once(shortened(&node.name)).chain(node.details());
    lines.map(|line| escaped(&line)).collect::<Vec<_>>().join("\\n")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
