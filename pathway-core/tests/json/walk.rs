//! Tests that walking a document agrees with serde_json about syntax, values and offsets.

use pathway_core::data::JsonText;
use pathway_core::format::json::decode::{array, object};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::hostile::{mutate, seeds};
use crate::random::Random;

#[test]
fn members_and_elements_have_their_offsets() {
    let text = "{ \"a\" : [1 , 2.5] ,\n\"b\\n\":{\"c\":null}, \"a\":\"x\" }";
    let mut seen = Vec::new();
    object(JsonText { text, offset: 100 }, &mut |key, value| {
        assert_eq!(&text[value.offset - 100..][..value.text.len()], value.text);
        seen.push(format!("{key}={}", value.text));
        array(value, &mut |index, element| {
            assert_eq!(&text[element.offset - 100..][..element.text.len()], element.text);
            seen.push(format!("{index}:{}", element.text));
        })
        .expect("the text is JSON");
    })
    .expect("the text is JSON");
    assert_eq!(seen, ["a=[1 , 2.5]", "0:1", "1:2.5", "b\n={\"c\":null}", "a=\"x\""]);
}

#[test]
fn other_values_are_checked_but_not_walked() {
    for text in ["5", "null", "\"x\"", "[1]", "[[[]]]"] {
        object(JsonText { text, offset: 0 }, &mut |_, _| panic!("no member")).expect("the text is JSON");
    }
    for text in ["5", "null", "\"x\"", "{}", "{\"a\":[1]}"] {
        array(JsonText { text, offset: 0 }, &mut |_, _| panic!("no element")).expect("the text is JSON");
    }
    for text in ["", "x", "[1", "[1}", "\"", "5 5", "{} x", "[] ]"] {
        assert!(object(JsonText { text, offset: 0 }, &mut |_, _| {}).is_err(), "{text}");
        assert!(array(JsonText { text, offset: 0 }, &mut |_, _| {}).is_err(), "{text}");
    }
}

/// Documents with random damage: both accept the same documents.
#[test]
fn agrees_with_serde_json() {
    let mut accepted = 0;
    for seed in 0..200_000 {
        let random = &mut Random(seed);
        let mut bytes = random.pick(&seeds()).as_bytes().to_vec();
        for _ in 0..random.below(3) {
            mutate(&mut bytes, random);
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let text = text.trim();
        let oracle: Result<&RawValue, _> = serde_json::from_str(text);

        let mut members = Vec::new();
        let walked = object(JsonText { text, offset: 0 }, &mut |key, value| {
            assert!(serde_json::from_str::<&RawValue>(value.text).is_ok(), "seed {seed}: {text}");
            members.push((key.to_owned(), value.text.to_owned()));
        });
        let mut elements = Vec::new();
        let walked_array =
            array(JsonText { text, offset: 0 }, &mut |_, element| elements.push(element.text.to_owned()));

        // Only the walk decodes keys, so only the walk finds an unpaired surrogate in one.
        let unpaired = walked.is_err() && text.contains("\\ud");
        assert!(walked.is_ok() == oracle.is_ok() || unpaired, "seed {seed}: {text}: {walked:?} {oracle:?}");
        assert_eq!(walked_array.is_ok(), oracle.is_ok(), "seed {seed}: {text}: {walked_array:?}");
        if walked.is_err() || walked_array.is_err() {
            continue;
        }
        accepted += 1;
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(expected)) => {
                let mut last = serde_json::Map::new();
                for (key, value) in members {
                    last.insert(key, serde_json::from_str(&value).expect("a member is JSON"));
                }
                assert_eq!(last, expected, "seed {seed}: {text}");
            }
            Ok(Value::Array(expected)) => {
                let parse = |text: &String| serde_json::from_str::<Value>(text).expect("an element is JSON");
                assert_eq!(elements.iter().map(parse).collect::<Vec<_>>(), expected, "seed {seed}: {text}");
            }
            _ => {}
        }
    }
    assert!(accepted > 10_000, "the damage leaves too little: {accepted}");
}
