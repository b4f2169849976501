//! Pictures are escaped, whatever users call things.

use super::{Graph, GraphEdge, GraphNode, GraphRole};

fn node(name: &str, role: GraphRole, verb: &str) -> GraphNode {
    GraphNode {
        name: name.to_owned(),
        role,
        verb: verb.to_owned(),
        is_named: true,
        subject: None,
        stream: None,
        parameters: Vec::new(),
        dead_letters: None,
        row: String::new(),
        columns: Vec::new(),
        append_only: false,
    }
}

fn hostile() -> Graph {
    let name = "a\"]; click n0 \"javascript:alert(1)\"\n<script>`**#`\\";
    let nodes = vec![
        GraphNode { subject: Some("a.*.>".to_owned()), ..node(name, GraphRole::Source, "nats") },
        GraphNode { parameters: vec!["<-- \"x\"".to_owned()], ..node("end", GraphRole::Operator, "asof_join") },
        GraphNode { stream: Some("x".repeat(100)), ..node("out", GraphRole::Sink, "jetstream") },
    ];
    let edge = |from, to| GraphEdge { from, to, dead_letters: from == 0 && to == 2 };
    Graph { pipeline: "p\"\n".to_owned(), nodes, edges: vec![edge(0, 1), edge(1, 2), edge(0, 2)] }
}

#[test]
fn names_cannot_leave_their_labels_in_mermaid() {
    let text = hostile().to_mermaid();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "flowchart LR",
            "    n0[(\"<b>a#quot;]#59; click n0 #quot;javascript:alert(1)#quot; #lt;script#gt;#96;#42;#42;#35;…</b><br/>a.#42;.#gt;\")]",
            "    n1[\"<b>end</b><br/>asof join<br/>#lt;-- #quot;x#quot;\"]",
            &format!("    n2[/\"<b>out</b><br/>stream {}…\"/]", "x".repeat(41)),
            "    n0 --> n1",
            "    n1 --> n2",
            "    n0 -.-> n2",
        ]
    );
}

#[test]
fn names_cannot_leave_their_labels_in_dot() {
    let text = hostile().to_dot();
    assert!(text.starts_with("digraph \"p\\\" \" {\n"), "{text}");
    assert!(
        text.contains(r#"n0 [shape=cylinder, label="a\"]; click n0 \"javascript:alert(1)\" <script>`**#…\na.*.>"];"#),
        "{text}"
    );
    assert!(text.contains(r#"n1 [shape=box, label="end\nasof join\n<-- \"x\""];"#), "{text}");
    assert!(text.ends_with("    n0 -> n1;\n    n1 -> n2;\n    n0 -> n2 [style=dashed];\n}\n"), "{text}");
    // Outside of strings, only what the language has.
    let outside: String = text.replace("\\\"", "").split('"').step_by(2).collect();
    let words = ["digraph", "rankdir=LR", "node", "fontname=", "fontsize=11", "shape", "label=", "style=dashed"];
    let rest = words.iter().fold(outside, |rest, word| rest.replace(word, ""));
    let known = |c: char| "{}[];,=->n \n".contains(c) || c.is_ascii_digit() || "boxcylinderparallelogram".contains(c);
    assert!(rest.chars().all(known), "{rest}");
}
