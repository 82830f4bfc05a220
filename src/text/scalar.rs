//! The notation of a scalar, and whether YAML readers take a plain scalar for a string.

/// The notation of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `nginx:1.27`
    Plain,
    /// `'nginx:1.27'`
    Single,
    /// `"nginx:1.27"`
    Double,
    /// `|` and `>` blocks.
    Block,
    /// Not YAML: a line of a text file.
    Text,
}

/// Returns whether every common YAML reader takes this text for a string if it is not quoted.
///
/// A text is not a string if it is something else in YAML 1.1 (<https://yaml.org/type/>), in the core schema of YAML 1.2, or
/// in the readers of Kubernetes, Helm or Python: a number in any base, a sexagesimal number, a boolean, a null or a date.
pub fn is_plain_string(text: &str) -> bool {
    !(is_word(text) || is_number(text) || is_sexagesimal(text) || is_date(text))
}

/// Returns whether a text is a null, a boolean, an infinity, or the merge or value key of YAML 1.1.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 16] =
        ["", "~", "null", "y", "yes", "n", "no", "true", "false", "on", "off", ".inf", "+.inf", "-.inf", ".nan", "<<"];
    text == "=" || (text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)))
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let based = |prefixes: [&str; 2], digit: fn(u8) -> bool| {
        prefixes.iter().any(|prefix| {
            unsigned
                .strip_prefix(prefix)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| digit(b) || b == b'_'))
        })
    };
    if based(["0x", "0X"], |b| b.is_ascii_hexdigit())
        || based(["0o", "0O"], |b| b.is_ascii_digit())
        || based(["0b", "0B"], |b| b.is_ascii_digit())
    {
        return true;
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digit = mantissa.bytes().any(|b| b.is_ascii_digit());
    let starts_well = mantissa.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    has_digit && starts_well && digits(whole) && digits(fraction) && exponent_fits
}

/// Returns whether a text is a number in base 60 of YAML 1.1: `1:30`, `190:20:30.15`.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut places = whole.split(':');
    let first = places.next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    whole.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && places.all(|place| matches!(place.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// Returns whether a text is a date, with or without a time: `2024-01-02`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let day_end = text.find(['T', 't', ' ', '\t']).unwrap_or(text.len());
    let mut parts = text[..day_end].split('-').skip(1);
    let short =
        |part: Option<&str>| part.is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    let is_day = short(parts.next()) && short(parts.next()) && parts.next().is_none();
    let time = &text[day_end..];
    is_day && (time.is_empty() || time.bytes().all(|b| b.is_ascii_digit() || b":.+-TtZz \t".contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_plain_scalars_that_are_not_strings() {
        let not_strings = "1.10 1.1 2 16 0 007 12e4567 1e3 1E+5 .5 5. 1_000 0x1f 0xDEAD_BEEF 0o17 0b101 1809 20231101 \
            yes No TRUE off y N null ~ NULL .inf -.INF .NaN 2024-01-02 2024-1-2 2024-01-02T10:00:00Z 1:30 190:20:30.15 \
            -1 +12 1__2 20210119.0 3.14_15";
        for text in not_strings.split_whitespace().chain([""]) {
            assert!(!is_plain_string(text), "{text:?} is not a string everywhere");
        }
        let strings = "1.2.3 v1 v1.10 latest 3d9b390 1.10-alpine 12e4567a e12 1e 1e+ 0x 0xg 2024-01 2024-01-02-abc 20240102-abc \
            nope yesterday truely nginx:1.27 _1 1.2.3.4 RELEASE.2024-01-02T10-00-00Z 1:60 a:30 2024-123-1 infinity . _ 1a";
        for text in strings.split_whitespace() {
            assert!(is_plain_string(text), "{text:?} is a string");
        }
    }
}
