//! What `pilotc graph` draws, whatever the board: all of it, nothing on top of anything else.

use compile::graph::{Picture, Theme, Tie, picture, svg};
use compile::{BOARD_CONF, Failure, Source, compile_sources};
use proptest::prelude::*;

fn draw(units: &[(String, String)]) -> Picture {
    try_draw(units).unwrap_or_else(|failure| panic!("{failure}"))
}

fn try_draw(units: &[(String, String)]) -> Result<Picture, Failure> {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let units: Vec<Source> = units.iter().map(|(name, text)| source(name, text)).collect();
    compile_sources(&source(BOARD_CONF, ""), &units).map(|(image, _)| picture(&image))
}

/// A board of services `s0` to `sN`: some after, wanted or required by, or at odds with others,
/// some with a socket, some with nothing at all to do with the rest.
fn board() -> impl Strategy<Value = Vec<(String, String)>> {
    let ties = prop::collection::vec((any::<prop::sample::Index>(), 0u8..5), 0..4);
    prop::collection::vec((ties, any::<bool>(), 0u8..4), 1..70).prop_map(|units| {
        let mut files = Vec::new();
        for (number, (ties, alone, socket)) in units.into_iter().enumerate() {
            let mut text = format!("[Unit]\nDescription=<{number} & \"more\">\n");
            if alone {
                text.push_str("DefaultDependencies=no\n");
            }
            for (other, kind) in ties.into_iter().filter(|_| number > 0) {
                let other = other.index(number);
                let key = match kind {
                    0 => "After",
                    1 => "Wants",
                    2 => "Requires",
                    3 if other + 1 < number => "Conflicts",
                    _ => "Wants=s0.service\nAfter",
                };
                text.push_str(&format!("{key}=s{other}.service\n"));
            }
            text.push_str("[Service]\nExecStart=/bin/x\n");
            if number % 3 == 0 {
                text.push_str("[Install]\nWantedBy=multi-user.target\n");
            }
            files.push((format!("s{number}.service"), text));
            if socket == 0 && !alone {
                let text = format!("[Socket]\nListenStream={}\n", number + 1);
                files.push((format!("s{number}.socket"), text));
            }
        }
        files
    })
}

/// True if two boxes have a point in common.
fn touch(one: (f64, f64, f64, f64), other: (f64, f64, f64, f64)) -> bool {
    let apart = |a: f64, length: f64, b: f64, more: f64| a + length <= b || b + more <= a;
    !apart(one.0, one.2, other.0, other.2) && !apart(one.1, one.3, other.1, other.3)
}

fn check(picture: &Picture) -> Result<(), TestCaseError> {
    for (number, node) in picture.nodes.iter().enumerate() {
        let (left, top, width, height) = node.place;
        prop_assert!(left >= 0.0 && top >= -0.01 && width > 0.0 && height > 0.0, "{node:?}");
        prop_assert!(left + width <= picture.size.0 + 0.01, "{node:?} {:?}", picture.size);
        prop_assert!(top + height <= picture.size.1 + 0.01, "{node:?} {:?}", picture.size);
        for other in &picture.nodes[number + 1..] {
            prop_assert!(!touch(node.place, other.place), "{node:?} is on {other:?}");
        }
    }
    for line in &picture.lines {
        prop_assert!(line.points.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{line:?}");
        for stretch in line.points.chunks(2) {
            let ((from, height), (to, _)) = (stretch[0], stretch[1]);
            let way = (from + 0.1, height - 1.0, (to - from - 0.2).max(0.0), 2.0);
            let crossed = picture.nodes.iter().find(|node| touch(way, node.place));
            prop_assert!(to == from || crossed.is_none(), "{line:?} crosses {crossed:?}");
        }
        let names = [&picture.nodes[line.from].name, &picture.nodes[line.to].name];
        prop_assert!(names[0] != names[1]);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_is_on_top_of_anything_else(units in board()) {
        // Some require what they conflict with.
        let Ok(picture) = try_draw(&units) else { return Err(TestCaseError::reject("refused")) };
        check(&picture)?;
        for (name, _) in &units {
            prop_assert!(picture.nodes.iter().any(|node| node.name == *name), "{name}");
        }
        let text = svg(&picture, Theme::Auto);
        prop_assert!(!text.contains("& ") && !text.contains("<0"), "{text}");
        prop_assert_eq!(text, svg(&draw(&units), Theme::Auto), "a board has one picture");
    }
}

#[test]
fn lines_say_the_strongest_and_leave_out_what_follows() {
    let unit = |name: &str, text: &str| (name.to_string(), text.to_string());
    let service = "[Service]\nExecStart=/bin/x\n";
    let last = "[Unit]\nAfter=a.service b.service\nRequires=b.service\nConflicts=c.service\n";
    let picture = draw(&[
        unit("a.service", service),
        unit("b.service", &format!("[Unit]\nAfter=a.service\n{service}")),
        unit("c.service", service),
        unit("last.service", &format!("{last}{service}")),
        unit("a.socket", "[Socket]\nListenStream=80\nListenDatagram=/run/a\n"),
    ]);
    let tie = |from: &str, to: &str| {
        let is = |line: &&compile::graph::Line| {
            picture.nodes[line.from].name == from && picture.nodes[line.to].name == to
        };
        picture.lines.iter().find(is).map(|line| line.tie)
    };
    assert_eq!(tie("a.service", "b.service"), Some(Tie::Order));
    assert_eq!(tie("b.service", "last.service"), Some(Tie::Requires));
    assert_eq!(tie("a.service", "last.service"), None, "it follows");
    assert_eq!(tie("a.socket", "a.service"), Some(Tie::Trigger));
    assert_eq!(tie("c.service", "last.service"), Some(Tie::Conflict));
    assert_eq!(tie("sysinit.target", "b.service"), None, "every unit requires it");
    assert_eq!(tie("basic.target", "c.service"), Some(Tie::Order));
    assert!(picture.nodes.iter().all(|node| node.name != "shutdown.target"));
    let socket = picture.nodes.iter().find(|node| node.name == "a.socket").expect("it is there");
    assert_eq!(socket.detail, "tcp 80, /run/a");
    assert!(!socket.at_boot, "sockets.target does not want it");
}

#[test]
fn themes_are_in_the_file_itself() {
    let picture = draw(&[("a.service".into(), "[Service]\nExecStart=/bin/x\n".into())]);
    let [auto, light, dark] =
        [Theme::Auto, Theme::Light, Theme::Dark].map(|theme| svg(&picture, theme));
    assert!(auto.contains("prefers-color-scheme:dark"));
    assert!(!light.contains("prefers-color-scheme") && !dark.contains("prefers-color-scheme"));
    assert_ne!(light, dark);
}
