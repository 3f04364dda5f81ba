//! Spans of time as people write them: `10s`, `500ms`, `1.5m`.

use std::time::Duration;

/// Nanoseconds of each unit, by name; without a name it is seconds.
const UNITS: &[(&str, u64)] = &[
    ("ms", 1_000_000),
    ("us", 1_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("", 1_000_000_000),
];

/// Parses a span of at least a microsecond.
///
/// # Errors
/// When the text is no number with a known unit, or is zero, or exceeds what 64 bits of nanoseconds hold.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let scale = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale);
    let wrong = || format!("`{text}` is no duration; write 10s, 500ms, 1.5m or 1h");
    let scale = scale.ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || fraction.len() > 9 || fraction.contains('.') {
        return Err(wrong());
    }
    let too_long = || format!("`{text}` is longer than skep can count");
    let mut nanos = whole
        .parse::<u64>()
        .ok()
        .and_then(|whole| whole.checked_mul(scale))
        .ok_or_else(too_long)?;
    if !fraction.is_empty() {
        let digits: u64 = fraction.parse().map_err(|_| wrong())?;
        let tenths = 10u128.pow(u32::try_from(fraction.len()).map_err(|_| wrong())?);
        let part = u128::from(digits) * u128::from(scale) / tenths;
        nanos = u64::try_from(part)
            .ok()
            .and_then(|part| nanos.checked_add(part))
            .ok_or_else(too_long)?;
    }
    if nanos < 1_000 {
        return Err(format!("`{text}` is too short to sample anything"));
    }
    Ok(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_and_fractions_are_read_exactly() {
        for (text, nanos) in [
            ("10s", 10_000_000_000),
            ("500ms", 500_000_000),
            ("7us", 7_000),
            ("2", 2_000_000_000),
            ("1.5m", 90_000_000_000),
            ("0.001s", 1_000_000),
            ("1h", 3_600_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for text in ["", "s", "-1s", "1.s", ".5s", "1..2s", "10 s", "10x", "1e3s", "1.0000000001s"]
        {
            assert!(parse(text).unwrap_err().contains("is no duration"), "{text}");
        }
        for text in ["0", "0s", "0.000000001s"] {
            assert!(parse(text).unwrap_err().contains("too short"), "{text}");
        }
        for text in ["99999999999999999999s", "99999999999h"] {
            assert!(parse(text).unwrap_err().contains("longer than"), "{text}");
        }
    }
}
