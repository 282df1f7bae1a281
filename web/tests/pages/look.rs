//! What can be computed of how pages look: contrast in both themes.

use std::collections::BTreeMap;

use muster_web::asset;

/// Colours of the light and of the dark theme by token.
fn tokens() -> BTreeMap<String, [String; 2]> {
    let css = String::from_utf8(asset("tokens.css").unwrap().bytes.into_owned()).unwrap();
    css.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
            let (light, dark) = value.strip_suffix(");")?.split_once(", ")?;
            Some((name.to_owned(), [light.to_owned(), dark.to_owned()]))
        })
        .collect()
}

/// Relative luminance of `#rrggbb`, as WCAG 2 defines it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let share = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_is_readable_on_everything_it_stands_on() {
    let tokens = tokens();
    let tones = ["good", "info", "warn", "bad", "test"];
    let mut pairs =
        vec![("on-accent", "accent", 4.5), ("on-accent", "bad", 4.5), ("on-accent", "test", 4.5)];
    for under in ["page", "surface", "sunken"] {
        pairs.extend([("text", under, 7.0), ("muted", under, 4.5), ("accent", under, 4.5)]);
        pairs.extend(tones.map(|tone| (tone, under, 4.5)));
        // Borders of fields and buttons tell where to press.
        pairs.push(("line-strong", under, 3.0));
    }
    let washes = ["good-wash", "info-wash", "warn-wash", "bad-wash", "test-wash"];
    for (tone, wash) in tones.into_iter().zip(washes) {
        pairs.extend([
            (tone, wash, 4.5),
            ("text", wash, 7.0),
            ("muted", wash, 4.5),
            ("accent", wash, 4.5),
            ("bad", wash, 4.5),
        ]);
    }
    let mut poor = Vec::new();
    for (over, under, least) in pairs {
        for (theme, (over_is, under_is)) in
            ["light", "dark"].iter().zip(tokens[over].iter().zip(&tokens[under]))
        {
            let ratio = contrast(over_is, under_is);
            if ratio < least {
                poor.push(format!("{theme}: {over} on {under} has {ratio:.2} of {least}"));
            }
        }
    }
    assert!(poor.is_empty(), "{poor:#?}");
}
