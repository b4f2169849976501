//! How long a message lives, as its publisher says it in the header `Nats-TTL`.

use std::time::Duration;

/// The header.
pub(crate) const TTL: &str = "Nats-TTL";

/// The time to live: whole seconds, or a duration as Go writes it (`1h30m`). `None` if it is `never`, or cannot be read.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(digits);
        let unit_len = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit_len);
        let seconds = number.parse::<f64>().ok()? * unit_seconds(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_durations_are_read() {
        for (text, milliseconds) in [
            ("5", 5_000),
            ("0", 0),
            ("1s", 1_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            ("2m0.25s", 120_250),
            ("250ms", 250),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "never", "s", "5x", "-5s", "1.2.3s", "1h5", "1e400s", "ü", "99999999999999999999h", "."] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
