//! `[Lint]` of `board.conf`: which warnings are meant, and where.

use super::names::Strings;
use super::{Context, List};
use crate::codes::{self, Code};
use crate::names::Name;
use crate::report::{Diagnostic, Severity, Spanned, did_you_mean};
use crate::text::Value;

/// A warning or lint, perhaps of one unit only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LintName {
    /// Which.
    pub code: Code,
    /// The unit whose files it is about; `None` is the whole board.
    pub unit: Option<String>,
}

impl LintName {
    /// True if it means that diagnostic.
    pub fn covers(&self, diagnostic: &Diagnostic) -> bool {
        let about = |unit: &String| {
            diagnostic.places.first().is_some_and(|(span, _)| {
                let mut parts = span.file.path.rsplit('/');
                let (file, folder) = (parts.next(), parts.next());
                file == Some(unit) || folder.and_then(|name| name.strip_suffix(".d")) == Some(unit)
            })
        };
        self.code.id == diagnostic.code.id && self.unit.as_ref().is_none_or(about)
    }
}

/// `Allow=` and `Deny=`.
#[derive(Debug)]
pub struct LintNames;

impl List for LintNames {
    type Item = LintName;
    const FORM: &'static str = "codes or names, several, each perhaps followed by `:UNIT`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<LintName>> {
        let mut names = Vec::new();
        for word in Strings::parse(text, cx) {
            let (code, unit) = match word.value.split_once(':') {
                Some((code, unit)) => (code, Some(unit.to_string())),
                None => (word.value.as_str(), None),
            };
            let warnings = codes::ALL.iter().filter(|code| code.severity == Severity::Warning);
            let mut found = warnings.clone().filter(|each| each.id == code || each.name == code);
            let Some(&code) = found.next() else {
                let hint = did_you_mean(code, warnings.flat_map(|each| [each.id, each.name]));
                let label = "no code or name of a warning or lint";
                cx.refuse_with(codes::BAD_VALUE, &word.span, label, hint);
                continue;
            };
            if let Some(Err(error)) = unit.as_deref().map(Name::parse) {
                let label = format!("not a unit's name after the colon: {error}");
                cx.refuse(codes::BAD_NAME, &word.span, label);
                continue;
            }
            names.push(Spanned { value: LintName { code, unit }, span: word.span });
        }
        names
    }
}
