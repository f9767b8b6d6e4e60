//! What is told to whoever wrote the unit: place, code, sentence, hint; rendered as rustc does.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::codes::Code;

/// A unit file, `board.conf`, or the text of a built-in target.
#[derive(PartialEq, Eq, Debug)]
pub struct File {
    /// As it is shown.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// A place in a file, in bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The file.
    pub file: Arc<File>,
    /// The bytes.
    pub range: Range<usize>,
}

impl Span {
    /// The beginning of a file: for what is wrong with the file as a whole.
    pub fn head(file: &Arc<File>) -> Self {
        Self { file: file.clone(), range: 0..0 }
    }

    /// Line and column of its first character, from 1.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = &self.file.text[..self.range.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// Whether a diagnostic stops the build.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// What kind of thing.
    pub code: Code,
    /// The sentence, without its full stop.
    pub message: String,
    /// Where, and what is said there; the first is the place to blame.
    pub places: Vec<(Span, String)>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A diagnostic that blames `span`, with `label` said there.
    pub fn new(
        code: Code,
        message: impl Into<String>,
        span: &Span,
        label: impl Into<String>,
    ) -> Self {
        let places = vec![(span.clone(), label.into())];
        Self { code, message: message.into(), places, hint: None }
    }

    /// A diagnostic about something that has no place in a file.
    pub fn without_place(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), places: Vec::new(), hint: None }
    }

    /// Another place that has to do with it.
    #[must_use]
    pub fn and(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.places.push((span.clone(), label.into()));
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As [`Diagnostic::hint`], if there is one.
    #[must_use]
    pub fn hint_if(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// True if it stops the build.
    pub fn is_error(&self) -> bool {
        self.code.severity == Severity::Error
    }

    /// The diagnostic as text of several lines.
    pub fn render(&self, renderer: &Renderer) -> String {
        let level = match self.code.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut files: Vec<&Arc<File>> = Vec::new();
        for (span, _) in &self.places {
            if !files.iter().any(|file| Arc::ptr_eq(file, &span.file)) {
                files.push(&span.file);
            }
        }
        let title = level.primary_title(&self.message).id(self.code.id);
        let snippets = files.iter().map(|file| self.snippet(file));
        let mut group = Group::with_title(title).elements(snippets);
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint));
        }
        renderer.render(&[group])
    }

    fn snippet<'a>(&'a self, file: &'a Arc<File>) -> Snippet<'a, Annotation<'a>> {
        let places = self.places.iter().enumerate();
        let here = places.filter(|(_, (span, _))| Arc::ptr_eq(&span.file, file));
        // Of a long file only the lines that are shown.
        let ranges = here.clone().map(|(_, (span, _))| &span.range);
        let first = ranges.clone().map(|range| range.start).min().unwrap_or(0);
        let last = ranges.map(|range| range.end).max().unwrap_or(0);
        let (before, after) = (&file.text[..first], &file.text[last..]);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let end = after.find('\n').map_or(file.text.len(), |length| last + length + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let annotations = here.map(|(place, (span, label))| {
            let kind = if place == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(span.range.start - start..span.range.end - start);
            if label.is_empty() { annotation } else { annotation.label(label) }
        });
        let shown = Snippet::source(&file.text[start..end]).line_start(line);
        shown.path(&file.path).annotations(annotations)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

/// Why nothing was compiled: every diagnostic of the run, warnings included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// At least one of them is an error.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render_all(&self.diagnostics, &Renderer::plain()))
    }
}

impl std::error::Error for Failure {}

/// Diagnostics one below the other, with a count of errors and warnings at the end.
pub fn render_all(diagnostics: &[Diagnostic], renderer: &Renderer) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&diagnostic.render(renderer));
        text.push_str("\n\n");
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let warnings = diagnostics.len() - errors;
    text.push_str(&format!("{}, {}\n", count(errors, "error"), count(warnings, "warning")));
    text
}

/// Collects what a run has to say; nothing stops at the first.
#[derive(Default, Debug)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    said: HashSet<Said>,
    /// How much was said of each file, and whether an error was.
    of_file: HashMap<String, (usize, bool)>,
}

/// Most that is said of a file: nobody reads more, and a file can have a million things wrong.
const TOLD_OF_FILE_MAX: usize = 200;

/// What makes two diagnostics the same: code, words, and where they stand.
type Said = (&'static str, String, Option<(String, Range<usize>)>);

impl Report {
    /// Adds a diagnostic. One that was said already (of a template, for each of its instances)
    /// is not said again.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        let place = diagnostic.places.first();
        let place = place.map(|(span, _)| (span.file.path.clone(), span.range.clone()));
        let path = place.as_ref().map(|(path, _)| path.clone());
        if !self.said.insert((diagnostic.code.id, diagnostic.message.clone(), place)) {
            return;
        }
        if let Some(path) = path {
            let (told, has_error) = self.of_file.entry(path).or_default();
            *told += 1;
            // One error more does not make the file any worse, the first one does.
            if *told > TOLD_OF_FILE_MAX && (!diagnostic.is_error() || *has_error) {
                return;
            }
            *has_error |= diagnostic.is_error();
            if *told == TOLD_OF_FILE_MAX {
                let hint = format!("{TOLD_OF_FILE_MAX} are enough: no more is told of this file");
                diagnostic = diagnostic.hint(hint);
            }
        }
        self.diagnostics.push(diagnostic);
    }

    /// True if no further error or warning is told of a file: nobody need find out what to say.
    pub fn is_enough(&self, file: &File, severity: Severity) -> bool {
        let told = |has_error: bool| has_error || severity == Severity::Warning;
        let enough =
            |(count, has_error): &(usize, bool)| *count >= TOLD_OF_FILE_MAX && told(*has_error);
        self.of_file.get(&file.path).is_some_and(enough)
    }

    /// True if that was told of a file.
    pub fn tells(&self, code: Code, file: &File) -> bool {
        let about = |each: &Diagnostic| {
            each.places.first().is_some_and(|(span, _)| span.file.path == file.path)
        };
        self.diagnostics.iter().any(|each| each.code.id == code.id && about(each))
    }

    /// True if something stops the build.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Applies what a board says of warnings: `allowed` ones are not told, `denied` ones are
    /// errors.
    pub fn set_levels(
        &mut self,
        allowed: impl Fn(&Diagnostic) -> bool,
        denied: impl Fn(&Diagnostic) -> bool,
    ) {
        self.diagnostics.retain(|diagnostic| diagnostic.is_error() || !allowed(diagnostic));
        for diagnostic in &mut self.diagnostics {
            if denied(diagnostic) {
                diagnostic.code.severity = Severity::Error;
            }
        }
    }

    /// What there is to say: errors before warnings, otherwise in the order of the run.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.code.severity);
        self.diagnostics
    }

    /// The warnings, or the failure.
    ///
    /// # Errors
    /// If something stops the build.
    pub fn verdict(self) -> Result<Vec<Diagnostic>, Failure> {
        match self.has_errors() {
            true => Err(Failure { diagnostics: self.finish() }),
            false => Ok(self.finish()),
        }
    }
}

/// "did you mean": the nearest of some names, if one is near.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    // Nobody means a name by so much text, and comparing it takes its time.
    const NAME_MAX: usize = 100;
    let wanted = Some(name).filter(|name| name.len() <= NAME_MAX)?.to_lowercase();
    let scored = candidates
        .into_iter()
        .map(|candidate| (likeness(&wanted, &candidate.to_lowercase()), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.85).then(|| format!("did you mean `{}`?", best.1))
}

/// From 0 to 1; 0 for units of one kind that share little but the end of their names.
fn likeness(name: &str, other: &str) -> f64 {
    if let (Some((stem, kind)), Some((other, of_other))) =
        (name.rsplit_once('.'), other.rsplit_once('.'))
        && kind == of_other
        && 2 * strsim::osa_distance(stem, other) > stem.len().max(other.len())
    {
        return 0.0;
    }
    strsim::jaro_winkler(name, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_not_alike_by_their_kind() {
        let near = |name| did_you_mean(name, ["web.service", "e.service", "network.target"]);
        assert_eq!(near("gone.service"), None);
        assert_eq!(near("wbe.service").as_deref(), Some("did you mean `web.service`?"));
        assert_eq!(near("network.targt").as_deref(), Some("did you mean `network.target`?"));
        assert_eq!(near("work.service"), None);
    }
}
