//! How texts with a meaning of their own look in the JSON Schemas: spans, networks, addresses, cron.
//!
//! Each is a `format` keyword. An editor shows its description and examples; the reader checks it
//! with the very parser that reads the value later, so the two cannot disagree.

use schemars::JsonSchema;

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $format:literal, [$($example:literal),*]);* $(;)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "format": $format, "examples": [$($example),*],
                })
            }
        }
    )*};
}

formats! {
    /// A length of time with its unit.
    SpanText = "span", ["90s", "5m", "1h 30m"];
    /// An IPv4 or IPv6 network.
    CidrText = "cidr", ["10.10.0.0/24", "fd00:10::/64"];
    /// An IPv4 or IPv6 address.
    AddressText = "address", ["10.20.0.1", "fd00:20::1"];
    /// Five cron fields.
    CronText = "cron", ["30 2 * * 7"];
    /// A name of the IANA time zone database.
    TimeZoneText = "time-zone", ["UTC", "Europe/Paris"];
    /// A VM name in which `*` and `?` stand for any characters.
    PatternText = "name-pattern", ["erp-app-*"];
}

/// Checks a text against one of the formats above.
///
/// # Errors
/// One sentence about what is wrong with it.
pub fn check(format: &str, text: &str) -> Result<(), String> {
    match format {
        "span" => text
            .parse::<crate::time::Span>()
            .map(drop)
            .map_err(|_| format!("`{}` is not a length of time", crate::finding::shown(text))),
        "cidr" => text
            .parse::<ipnet::IpNet>()
            .map(drop)
            .map_err(|_| format!("`{}` is not an IP network", crate::finding::shown(text))),
        "address" => text
            .parse::<std::net::IpAddr>()
            .map(drop)
            .map_err(|_| format!("`{}` is not an IP address", crate::finding::shown(text))),
        "cron" => cron(text),
        "time-zone" => time_zone(text),
        "name-pattern" => globset::Glob::new(text).map(drop).map_err(|e| {
            let why = plain(&e.kind().to_string());
            format!("`{}` is no pattern: {why}", crate::finding::shown(text))
        }),
        _ => Ok(()),
    }
}

/// Characters of a parser's words.
const MAX_WHY: usize = 200;

/// All names of formats that [`check`] knows.
pub const FORMATS: [&str; 6] = ["span", "cidr", "address", "cron", "time-zone", "name-pattern"];

/// What a parser says, which may repeat what it was given.
fn plain(why: &str) -> String {
    let chars = why.chars().take(MAX_WHY);
    chars.map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn cron(text: &str) -> Result<(), String> {
    let shown = crate::finding::shown(text);
    let fields = text.split_whitespace().count();
    if fields != 5 {
        return Err(format!("`{shown}` has {fields} fields where cron has 5"));
    }
    let parser = croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Disallowed)
        .year(croner::parser::Year::Disallowed)
        .build();
    let cron = parser.parse(text).map_err(|e| {
        let why = plain(&e.to_string());
        format!("`{shown}` is no cron time: {}", why.trim_end_matches('.'))
    })?;
    // A day that no calendar has, such as 30 February, parses and never comes. Any start will do,
    // because the calendar repeats; the crate gives up after thousands of years without a clock.
    let start = jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let start = start.map_err(|e| e.to_string())?;
    cron.find_next_occurrence(&start, true)
        .map(drop)
        .map_err(|_| format!("`{shown}` never comes: no calendar has such a day"))
}

fn time_zone(text: &str) -> Result<(), String> {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
    };
    let known_alone = ["UTC", "GMT"];
    let whole = known_alone.contains(&text)
        || text.contains('/') && text.len() <= 64 && text.split('/').all(part);
    if whole {
        return Ok(());
    }
    Err(format!("`{}` is no name of the IANA time zone database", crate::finding::shown(text)))
}
