//! A picture as SVG: one file without anything from elsewhere, in light and dark.

use std::fmt::Write;

use super::{Line, Node, Picture, Tie};

/// In which colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    /// As the reader's screen has it.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Space around all, and the heights of what stands above and below the drawing.
const MARGIN: f64 = 36.0;
const HEAD: f64 = 76.0;
const LEGEND_ROW: f64 = 24.0;
/// Least width: the legend's.
const WIDTH_LEAST: f64 = 860.0;
/// Sizes of letters: name, what is below it.
const NAME: f64 = 13.0;
const DETAIL: f64 = 11.0;
/// Between a box's border and its letters.
const PAD: f64 = 12.0;
/// Most letters of a name and of what stands below it; the whole is shown to whoever points at it.
const NAME_MAX: usize = 44;
const DETAIL_MAX: usize = 38;

/// Kinds of unit that have colours of their own, by suffix: word, light fill and border, dark
/// fill and border. Any other kind looks like a slice.
const KINDS: [(&str, [&str; 4]); 7] = [
    ("target", ["#e6e9f5", "#5a68a5", "#262c47", "#8c9ae0"]),
    ("socket", ["#d7f3ea", "#12866c", "#123830", "#3fc4a4"]),
    ("service", ["#dcebfd", "#2a6bc8", "#16304f", "#6aa9f7"]),
    ("path", ["#fdf0cf", "#a8740c", "#3d3010", "#e3b341"]),
    ("timer", ["#fdf0cf", "#a8740c", "#3d3010", "#e3b341"]),
    ("mount", ["#f5e6dc", "#a0582c", "#402818", "#dd9a6c"]),
    ("swap", ["#f5e6dc", "#a0582c", "#402818", "#dd9a6c"]),
];
const OTHER: (&str, [&str; 4]) = ("other", ["#e9ebee", "#66707c", "#2a2f36", "#98a2ae"]);

/// Colours of paper, ink and pale ink; then those of [`Tie::ALL`].
const LIGHT: [&str; 8] =
    ["#ffffff", "#18202b", "#66717f", "#b3bcc8", "#7d93b5", "#3a475a", "#e0761b", "#cf3346"];
const DARK: [&str; 8] =
    ["#0f141a", "#e6ecf3", "#8d99a8", "#5c6a7d", "#6f86ab", "#b9c4d2", "#f39a4a", "#ff6b7d"];

fn kind_of(name: &str) -> (&'static str, [&'static str; 4]) {
    let suffix = name.rsplit('.').next().unwrap_or_default();
    KINDS.into_iter().find(|(kind, _)| *kind == suffix).unwrap_or(OTHER)
}

/// Width of a text in ems: those of a wide sans-serif, so that none is too long for its box.
fn ems(text: &str) -> f64 {
    let width = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | 'I' | ' ' | '/' => 0.35,
        'f' | 'r' | 't' | '-' | '(' | ')' | '[' | ']' => 0.43,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.0,
        'A'..='Z' => 0.75,
        _ if letter.is_ascii() => 0.64,
        _ => 1.0,
    };
    text.chars().map(width).sum()
}

/// The text if it is short, else its two ends.
fn clip(text: &str, max: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= max {
        return text.into();
    }
    let (head, tail) = (max * 2 / 3, max / 3 - 1);
    let tail = &letters[letters.len() - tail..];
    letters[..head].iter().chain(&['…']).chain(tail).collect()
}

/// Width and least height of a unit's box.
pub(super) fn node_size(node: &Node) -> (f64, f64) {
    let name = ems(&clip(&node.name, NAME_MAX)) * NAME * 1.05;
    let detail = ems(&clip(&node.detail, DETAIL_MAX)) * DETAIL;
    let height = if node.detail.is_empty() { 32.0 } else { 46.0 };
    ((name.max(detail) + 2.0 * PAD).max(110.0).ceil(), height)
}

/// Text as XML has it.
fn xml(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no other control characters at all.
            _ if letter.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Writes a picture.
pub fn svg(picture: &Picture, theme: Theme) -> String {
    let legend = legend(picture, 0.0);
    let width = picture.size.0.max(WIDTH_LEAST) + 2.0 * MARGIN;
    let left = (width - picture.size.0) / 2.0;
    let below = HEAD + MARGIN + picture.size.1 + MARGIN;
    let height = below + legend.1 + MARGIN;
    let mut text = String::new();
    let mut put = |piece: &str| {
        text.push_str(piece);
        text.push('\n');
    };
    put(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\">"
    ));
    put(&format!("<title>{}</title>", xml(&format!("{} ({})", picture.title, picture.subtitle))));
    put(&format!("<style>\n{}</style>", style(picture, theme)));
    put("<defs>");
    for tie in Tie::ALL.into_iter().filter(|tie| *tie != Tie::Conflict) {
        put(&format!(
            "<marker id=\"{0}\" class=\"{0}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" \
             markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" \
             orient=\"auto-start-reverse\"><path class=\"tip\" d=\"M0 1L8 4L0 7z\"/></marker>",
            tie.word()
        ));
    }
    put("</defs>");
    put("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>");
    let (title, subtitle) = (xml(&picture.title), xml(&picture.subtitle));
    put(&format!("<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{title}</text>", MARGIN + 18.0));
    put(&format!("<text class=\"pale\" x=\"{MARGIN}\" y=\"{}\">{subtitle}</text>", MARGIN + 40.0));
    put(&format!("<g transform=\"translate({left:.1} {:.1})\">", HEAD + MARGIN));
    for tie in Tie::ALL {
        for line in picture.lines.iter().filter(|line| line.tie == tie) {
            put(&line_svg(line, picture));
        }
    }
    for (number, node) in picture.nodes.iter().enumerate() {
        put(&node_svg(number, node));
    }
    put("</g>");
    put(&format!("<g transform=\"translate({MARGIN} {below:.1})\">{}</g>", legend.0));
    put("</svg>");
    text
}

fn line_svg(line: &Line, picture: &Picture) -> String {
    let mut path = String::new();
    for (number, &(x, y)) in line.points.iter().enumerate() {
        let command = match (number, number % 2) {
            (0, _) => format!("M{x:.1} {y:.1}"),
            (_, 1) => match line.points[number - 1].0 < x {
                true => format!("H{x:.1}"),
                false => continue,
            },
            _ => {
                let (from, height) = line.points[number - 1];
                let middle = (from + x) / 2.0;
                format!("C{middle:.1} {height:.1} {middle:.1} {y:.1} {x:.1} {y:.1}")
            }
        };
        path.push_str(&command);
    }
    let word = line.tie.word();
    let tip = match (line.tie, line.ordered || line.tie == Tie::Trigger) {
        (Tie::Conflict, _) => String::new(),
        // Who wants another and does not wait for it: the arrow leads to what is wanted.
        (_, ordered) => {
            let end = if ordered == line.backwards { "start" } else { "end" };
            format!(" marker-{end}=\"url(#{word})\"")
        }
    };
    let (from, to) = (&picture.nodes[line.from].name, &picture.nodes[line.to].name);
    let title = match (line.tie, line.ordered) {
        (Tie::Order, _) => format!("{from} starts before {to}"),
        (Tie::Wants, true) => format!("{to} wants {from} and starts after it"),
        (Tie::Wants, false) => format!("{to} wants {from}"),
        (Tie::Requires, true) => format!("{to} requires {from} and starts after it"),
        (Tie::Requires, false) => format!("{to} requires {from} and does not wait for it"),
        (Tie::Trigger, _) => format!("{from} starts {to}"),
        (Tie::Conflict, _) => format!("{from} and {to} are never active at once"),
    };
    format!(
        "<path class=\"line {word} u{} u{}\" d=\"{path}\"{tip}><title>{}</title></path>",
        line.from,
        line.to,
        xml(&title)
    )
}

fn node_svg(number: usize, node: &Node) -> String {
    let (x, y, width, height) = node.place;
    let (kind, _) = kind_of(&node.name);
    let state = if node.at_boot { "" } else { " later" };
    let mut text = format!("<g id=\"u{number}\" class=\"node {kind}{state}\">");
    let mut title = format!("{}\n{}", node.name, node.description);
    if !node.detail.is_empty() {
        title.push_str(&format!("\n{}", node.detail));
    }
    let title: Vec<String> = title.lines().map(xml).collect();
    write!(text, "<title>{}</title>", title.join("&#10;")).expect("a String takes it");
    let frame = |text: &mut String, shift: f64| {
        let (x, y) = (x + shift, y + shift);
        let rect = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
        write!(text, "<rect {rect} rx=\"7\"/>").expect("a String takes it");
    };
    if node.per_connection {
        frame(&mut text, 4.0);
    }
    frame(&mut text, 0.0);
    let name = clip(&node.name, NAME_MAX);
    let (stem, suffix) = match name.rfind('.') {
        Some(dot) => name.split_at(dot),
        None => (name.as_str(), ""),
    };
    let middle = x + width / 2.0;
    let base = y + height / 2.0 + if node.detail.is_empty() { 4.5 } else { -2.5 };
    let (stem, suffix) = (xml(stem), xml(suffix));
    write!(
        text,
        "<text class=\"name\" x=\"{middle:.1}\" y=\"{base:.1}\">{stem}\
         <tspan class=\"suffix\">{suffix}</tspan></text>"
    )
    .expect("a String takes it");
    if !node.detail.is_empty() {
        let detail = xml(&clip(&node.detail, DETAIL_MAX));
        let base = base + 15.5;
        write!(text, "<text class=\"detail\" x=\"{middle:.1}\" y=\"{base:.1}\">{detail}</text>")
            .expect("a String takes it");
    }
    text.push_str("</g>");
    text
}

/// What colours and lines mean, as far as they come up; and its height.
fn legend(picture: &Picture, top: f64) -> (String, f64) {
    let has = |kind: &str| picture.nodes.iter().any(|node| kind_of(&node.name).0 == kind);
    let mut text = String::new();
    let mut x = 0.0;
    let mut y = top;
    let mut entry = |sample: String, words: &str, x: &mut f64, y: f64| {
        let sample = format!("<g transform=\"translate({:.1} {y:.1})\">{sample}</g>", *x);
        let at = *x + 36.0;
        let base = y + 11.5;
        let words_svg = format!("<text class=\"key\" x=\"{at:.1}\" y=\"{base:.1}\">{words}</text>");
        text.push_str(&sample);
        text.push_str(&words_svg);
        *x += 36.0 + ems(words) * 12.0 + 22.0;
    };
    let rect = "<rect x=\"0.5\" y=\"0.5\" width=\"28\" height=\"15\" rx=\"4\"/>";
    for (kind, _) in KINDS.into_iter().chain([OTHER]).filter(|(kind, _)| has(kind)) {
        entry(format!("<g class=\"node {kind}\">{rect}</g>"), kind, &mut x, y);
    }
    if picture.nodes.iter().any(|node| !node.at_boot) {
        let sample = format!("<g class=\"node service later\">{rect}</g>");
        entry(sample, "outlined: not started by a boot", &mut x, y);
    }
    if picture.nodes.iter().any(|node| node.per_connection) {
        let behind = "<rect x=\"3.5\" y=\"3.5\" width=\"28\" height=\"15\" rx=\"4\"/>";
        let sample = format!("<g class=\"node service later\">{behind}{rect}</g>");
        entry(sample, "one for each connection", &mut x, y);
    }
    (x, y) = (0.0, y + LEGEND_ROW);
    for tie in Tie::ALL.into_iter().rev() {
        let mut of_kind = picture.lines.iter().filter(|line| line.tie == tie).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        let words = match tie {
            Tie::Trigger => "starts on demand",
            Tie::Requires => "comes first, is required",
            Tie::Wants => "comes first, is wanted",
            Tie::Order => "comes first",
            Tie::Conflict => "never both",
        };
        let tip = match tie {
            Tie::Conflict => String::new(),
            Tie::Order | Tie::Wants | Tie::Requires | Tie::Trigger => {
                format!(" marker-end=\"url(#{})\"", tie.word())
            }
        };
        let sample = format!("<path class=\"line {}\" d=\"M0 8H29\"{tip}/>", tie.word());
        entry(sample, words, &mut x, y);
    }
    y += LEGEND_ROW + 14.0;
    text.push_str(&format!(
        "<text class=\"pale\" x=\"0\" y=\"{y:.1}\">Left out: shutdown.target, which every unit \
         stops before; sysinit.target where it is required by default; order that follows from \
         other order.</text>"
    ));
    (text, y - top)
}

/// Style sheet: plain colours first, for those who know no media queries.
fn style(picture: &Picture, theme: Theme) -> String {
    let mut text = String::from(
        "text{font-family:Inter,\"Segoe UI\",\"Noto Sans\",\"DejaVu Sans\",sans-serif}\n\
         .title{font-size:22px;font-weight:700}.pale,.key{font-size:12px}\n\
         .name{font-size:13px;font-weight:600;text-anchor:middle}.suffix{font-weight:400}\n\
         .detail{font-size:11px;text-anchor:middle}\n\
         .node rect{stroke-width:1.4}.line{fill:none;stroke-width:1.4}\n\
         .order{stroke-width:1.1}.trigger{stroke-width:2}.tip{stroke:none}\n\
         .wants{stroke-dasharray:6 3}.conflict{stroke-dasharray:2 3}\n\
         .line,.node{transition:opacity .15s}\n",
    );
    // Whoever points at a unit sees its own lines.
    for number in 0..picture.nodes.len() {
        let rule = format!("svg:has(#u{number}:hover) .line:not(.u{number}){{opacity:.12}}\n");
        text.push_str(&rule);
    }
    match theme {
        Theme::Light => text.push_str(&colours(&LIGHT, 0)),
        Theme::Dark => text.push_str(&colours(&DARK, 2)),
        Theme::Auto => {
            text.push_str(&colours(&LIGHT, 0));
            let dark = colours(&DARK, 2);
            text.push_str(&format!("@media (prefers-color-scheme:dark){{\n{dark}}}\n"));
        }
    }
    text
}

/// Colours of everything; those of kinds begin at `first`.
fn colours(palette: &[&str; 8], first: usize) -> String {
    let [paper, ink, pale, ties @ ..] = palette;
    let mut text =
        format!(".paper{{fill:{paper}}}text{{fill:{ink}}}.pale,.suffix,.detail{{fill:{pale}}}\n");
    for (tie, colour) in Tie::ALL.into_iter().zip(ties) {
        let word = tie.word();
        text.push_str(&format!(".line.{word}{{stroke:{colour}}}.{word} .tip{{fill:{colour}}}\n"));
    }
    for (kind, colours) in KINDS.into_iter().chain([OTHER]) {
        let (fill, border) = (colours[first], colours[first + 1]);
        text.push_str(&format!(".{kind} rect{{fill:{fill};stroke:{border}}}\n"));
    }
    text.push_str(&format!(".later rect{{fill:{paper}}}\n"));
    text
}
