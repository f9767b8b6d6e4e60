//! What a path unit looks at: systemd.path(5).

use unit::{GLOB_DEPTH_MAX, GLOB_PATH_MAX, NODE_PATH_MAX, When};

use super::names::absolute_path;
use super::{Context, List};
use crate::codes;
use crate::report::Spanned;
use crate::text::Value;

/// Directives that add a path.
#[derive(Debug)]
pub struct WatchedPaths;

impl List for WatchedPaths {
    type Item = (When, String);
    const FORM: &'static str = "absolute path; PathExistsGlob= a pattern as in glob(7)";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<(When, String)>> {
        let span = text.whole();
        let Some(path) = cx.specifiers.expand(&text.text, &span, cx) else { return Vec::new() };
        let when = match cx.key {
            "PathExists" => When::Exists,
            "PathExistsGlob" => When::ExistsGlob,
            "PathChanged" => When::Changed,
            "PathModified" => When::Modified,
            _ => When::NotEmpty,
        };
        let depth = path.matches('/').count();
        match absolute_path(&path) {
            Ok(path) if path.len() > NODE_PATH_MAX => {
                let label = format!("longer than the {NODE_PATH_MAX} bytes of a node's path");
                cx.refuse(codes::BAD_VALUE, &span, label);
            }
            Ok(path)
                if when == When::ExistsGlob
                    && (path.len() > GLOB_PATH_MAX || depth > GLOB_DEPTH_MAX) =>
            {
                let label =
                    format!("longer than {GLOB_PATH_MAX} bytes, or deeper than {GLOB_DEPTH_MAX}");
                cx.refuse(codes::BAD_VALUE, &span, label);
            }
            Ok(path) => return vec![Spanned { value: (when, path), span }],
            Err(label) => cx.refuse(codes::BAD_VALUE, &span, label),
        }
        Vec::new()
    }
}
