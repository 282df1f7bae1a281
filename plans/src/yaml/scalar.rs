//! What a scalar without quotes means: the core schema of YAML 1.2.
//!
//! `yes`, `no`, `on` and `off` are texts, as they are for every current reader; `on:` is a field of
//! plans.

use serde_json::{Number, Value};

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let radix = [("0x", 16), ("0o", 8)];
    if let Some((digits, radix)) =
        radix.iter().find_map(|(prefix, radix)| Some((text.strip_prefix(prefix)?, *radix)))
    {
        let digits = digits.starts_with(|c: char| c.is_digit(radix)).then_some(digits)?;
        return u64::from_str_radix(digits, radix).ok().map(Number::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.chars().any(|c| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || ".eE+-".contains(c));
    if !plain {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole =
        text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    // What is too large for any number stays a text, and then has the wrong type.
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_scalars_mean_what_yaml_1_2_says() {
        let cases = [
            ("~", json!(null)),
            ("TRUE", json!(true)),
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("12", json!(12)),
            ("-7", json!(-7)),
            ("+3", json!(3)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            (".5", json!(0.5)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1e999", json!("1e999")),
            (".nan", json!(".nan")),
            (".inf", json!(".inf")),
            ("1.2.3", json!("1.2.3")),
            ("10.20.0.1", json!("10.20.0.1")),
            ("5m", json!("5m")),
            ("-", json!("-")),
            (".", json!(".")),
            ("0x", json!("0x")),
            ("0x+1", json!("0x+1")),
            ("1_000", json!("1_000")),
            ("2024-01-01", json!("2024-01-01")),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
