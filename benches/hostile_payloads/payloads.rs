//! Random and damaged payloads.

/// Documents that are damaged: valid ones, and each kind of mistake.
const DOCUMENTS: [&str; 12] = [
    r#"{"id": 1, "small": -128, "natural": 18446744073709551615, "single": 1.5, "double": -2e-3, "flag": true, "text": "a"}"#,
    r#"{"id":-0,"text":"q\" \\ \/ \n \u0001 \ud83d\ude00 zażółć","bytes":"aGk=","json":{"a":[1,{"b":null}],"c":-0.0}}"#,
    r#"{"id":7,"at":"2024-01-02T03:04:05.123456789+01:00","local":"2024-01-02 03:04","took":-5,"kind":"Retail"}"#,
    r#"{"id":8,"seconds":1767225600,"millis":1767225600123,"nanos":-1,"list":[1,2,3],"pairs":[["a",1.0],["b",null]]}"#,
    r#"{"id":9,"nested":{"deep":["x",{"x/y":5}]},"nested":{"deep":["y"]},"diff":1,"time":1700000000000}"#,
    "{\"id\":1,\"diff\":1}\n{\"id\":2,\"diff\":-1}\r\n\n{\"id\":\"three\"}\n[4]\n{\"id\":5}",
    r#"[{"id":1},{"id":2,"text":"b"},null,[],{"id":1e3},"id"]"#,
    r#"{"id":1,"json":{"$serde_json::private::RawValue":"[1]"},"x":{"y":[{}],"z":false}}"#,
    "\u{a0}\n {\t\"id\" :\r1 , \"list\": [ 1 , 2 ] }\u{2003}",
    r#"{"id":1,"at":"9999-12-31T23:59:59Z","local":"0000-01-01t00:00:00","seconds":-377705023201}"#,
    "\"text\"",
    "",
];

/// Pieces that replace parts of a document.
const PIECES: [&[u8]; 28] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"-",
    b"0",
    b"9",
    b".",
    b"e",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
    b"u",
    b"\\ud800",
    b"null",
    b"true",
    b"1e999",
    b"\"id\":",
    b"\xf0\x9f\x98\x80",
    b"[[[[[[[[",
    b"{\"a\":{\"a\":",
    b"T25:61Z",
    b"9223372036854775808",
];

/// A stream of payloads that a seed determines.
pub(super) struct Payloads {
    random: u64,
    payload: Vec<u8>,
}

impl Payloads {
    pub(super) fn new(seed: u64) -> Self {
        Payloads { random: seed, payload: Vec::new() }
    }

    /// The next payload: one in eight is random bytes, the others are damaged documents.
    pub(super) fn next(&mut self) -> &[u8] {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        if self.below(8) == 0 {
            (0..self.below(64)).for_each(|_| payload.push(self.bits() as u8));
        } else {
            payload.extend_from_slice(DOCUMENTS[self.below(DOCUMENTS.len())].as_bytes());
            (0..self.below(5)).for_each(|_| self.damage(&mut payload));
        }
        self.payload = payload;
        &self.payload
    }

    /// Removes, cuts, replaces or repeats a part.
    fn damage(&mut self, payload: &mut Vec<u8>) {
        let at = self.below(payload.len() + 1);
        let end = (at + self.below(4)).min(payload.len());
        match self.below(4) {
            0 => drop(payload.drain(at..end)),
            1 => payload.truncate(at),
            2 => drop(payload.splice(at..end, PIECES[self.below(PIECES.len())].iter().copied())),
            _ => {
                let end = (at + self.below(20)).min(payload.len());
                payload.extend_from_within(at..end);
            }
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    /// SplitMix64.
    fn bits(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
