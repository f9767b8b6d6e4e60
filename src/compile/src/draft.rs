//! Drafts: the rows of `unit::directives` as structs, spelling and grammar checked, nothing more.

use std::fmt::Debug;
use std::sync::Arc;

use crate::grammar::{self, Context, List, Scalar};
use crate::names::Name;
use crate::report::{File, Report, Span, Spanned};
use crate::text::{Entry, Value};

/// A directive of which the last assignment wins.
#[derive(Debug)]
pub struct One<G: Scalar> {
    /// What was given, or the default.
    pub value: G::Value,
    /// Where it was given.
    pub given: Option<Span>,
    /// An assignment was refused: what was meant is not known, and nothing follows from `value`.
    pub refused: bool,
}

/// A directive of which the last assignment wins and whose default depends on other things.
#[derive(Debug)]
pub struct Maybe<G: Scalar> {
    /// What was given.
    pub given: Option<Spanned<G::Value>>,
    /// As in [`One`].
    pub refused: bool,
}

/// A directive whose assignments add up.
#[derive(Debug)]
pub struct Many<G: List> {
    /// What they add up to.
    pub items: Vec<Spanned<G::Item>>,
    /// The last assignment that was not empty, well-formed or not.
    pub given: Option<Span>,
}

impl<G: Scalar> Maybe<G> {
    /// What was given, or `default`.
    pub fn or(self, default: G::Value) -> G::Value {
        self.given.map_or(default, |given| given.value)
    }

    /// What was given.
    pub fn value(&self) -> Option<&G::Value> {
        self.given.as_ref().map(|given| &given.value)
    }
}

impl<G: List> Many<G> {
    /// The items without their places, while these are still asked for.
    pub fn cloned(&self) -> Vec<G::Item>
    where
        G::Item: Clone,
    {
        self.items.iter().map(|item| item.value.clone()).collect()
    }

    /// The items without their places.
    pub fn values(self) -> Vec<G::Item> {
        self.items.into_iter().map(|item| item.value).collect()
    }
}

/// What a field of a draft can do, whatever its arity.
trait Field {
    fn fresh(default: &str) -> Self;
    fn assign(&mut self, text: &Value, default: &str, cx: &mut Context<'_>);
    /// What it holds, each item with the words that gave it.
    fn said(&self) -> Vec<Said>;
}

/// A part of what a directive holds, for those who compare two drafts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// As it was written; `None` is the default.
    pub words: Option<String>,
    /// What was understood: equal if and only if the values are.
    pub meaning: String,
}

impl Said {
    fn new(span: Option<&Span>, value: &impl Debug) -> Self {
        let words = span.map(|span| &span.file.text[span.range.clone()]);
        let lines = words
            .map(|words| words.lines().map(|line| line.trim().trim_end_matches('\\').trim_end()));
        let words = lines.map(|lines| lines.collect::<Vec<_>>().join(" "));
        Self { words, meaning: format!("{value:?}") }
    }
}

/// A row, and what a draft has by it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The directive's name, and other names it goes by.
    pub names: &'static [&'static str],
    /// As in [`Row::arity`].
    pub arity: &'static str,
    /// The row's default.
    pub default: &'static str,
    /// Nothing but the default, one value, or items.
    pub said: Vec<Said>,
}

impl<G: Scalar<Value: Debug>> Field for One<G> {
    fn fresh(default: &str) -> Self {
        Self { value: parse_default::<G>(default), given: None, refused: false }
    }

    fn assign(&mut self, text: &Value, default: &str, cx: &mut Context<'_>) {
        if text.text.is_empty() {
            *self = Self::fresh(default);
        } else if let Some(value) = G::parse(text, cx) {
            *self = Self { value, given: Some(text.whole()), refused: false };
        } else {
            self.refused = true;
        }
    }

    fn said(&self) -> Vec<Said> {
        vec![Said::new(self.given.as_ref(), &self.value)]
    }
}

impl<G: Scalar<Value: Debug>> Field for Maybe<G> {
    fn fresh(_: &str) -> Self {
        Self { given: None, refused: false }
    }

    fn assign(&mut self, text: &Value, default: &str, cx: &mut Context<'_>) {
        if text.text.is_empty() {
            *self = Self::fresh(default);
        } else if let Some(value) = G::parse(text, cx) {
            *self = Self { given: Some(Spanned { value, span: text.whole() }), refused: false };
        } else {
            self.refused = true;
        }
    }

    fn said(&self) -> Vec<Said> {
        let said = |given: &Spanned<G::Value>| Said::new(Some(&given.span), &given.value);
        self.given.iter().map(said).collect()
    }
}

impl<G: List<Item: Debug>> Field for Many<G> {
    fn fresh(_: &str) -> Self {
        Self { items: Vec::new(), given: None }
    }

    fn assign(&mut self, text: &Value, default: &str, cx: &mut Context<'_>) {
        if text.text.is_empty() && !G::EMPTY_IS_ITEM {
            *self = Self::fresh(default);
        } else {
            self.items.extend(G::parse(text, cx));
            self.given = Some(text.whole());
        }
    }

    fn said(&self) -> Vec<Said> {
        self.items.iter().map(|item| Said::new(Some(&item.span), &item.value)).collect()
    }
}

/// A row's default, which goes through its own grammar.
fn parse_default<G: Scalar>(default: &str) -> G::Value {
    let specifiers = grammar::Specifiers::none();
    let mut report = Report::default();
    let mut cx = Context { key: "", specifiers: &specifiers, report: &mut report };
    G::parse(&Value::loose("default", default), &mut cx)
        .expect("a test parses the default of every row")
}

/// A row, for the manual and for "did you mean".
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The section.
    pub section: &'static str,
    /// The directive's name, and other names it goes by.
    pub names: &'static [&'static str],
    /// `One`, `Maybe` or `Many`.
    pub arity: &'static str,
    /// The form of the value.
    pub form: &'static str,
    /// Values of systemd's that are not supported, each with what to do instead.
    pub refused: &'static [(&'static str, &'static str)],
    /// The default: as in a unit file (`One`), or in words.
    pub default: &'static str,
    /// What the directive means.
    pub doc: &'static [&'static str],
    /// What the kernel must have for it; empty if nothing.
    pub needs: &'static str,
}

impl Slice {
    /// A directive that limits, where one is given.
    pub fn first_limit(&self) -> Option<&Span> {
        fn of<G: Scalar>(field: &Maybe<G>) -> Option<&Span> {
            field.given.as_ref().map(|given| &given.span)
        }
        let memory = [&self.memory_min, &self.memory_low, &self.memory_swap_max];
        let most = [&self.memory_high, &self.memory_max];
        let lists = [&self.allowed_cpus.given, &self.allowed_memory_nodes.given];
        let io = [&self.io_device_weight.given, &self.io_max.given];
        let all = memory.map(of).into_iter().chain(most.map(of));
        let all = all.chain([of(&self.memory_zswap_max), of(&self.memory_zswap_writeback)]);
        let all = all.chain([of(&self.tasks_max), of(&self.cpu_weight), of(&self.cpu_quota)]);
        let all = all.chain([of(&self.io_weight)]);
        all.chain(lists.map(Option::as_ref)).chain(io.map(Option::as_ref)).flatten().next()
    }
}

impl Row {
    /// True if it may stand in that section: what limits a slice limits a service, too.
    pub fn is_of(&self, section: &str) -> bool {
        self.section == section || (self.section == Slice::NAME && section == Service::NAME)
    }
}

macro_rules! form_of {
    (Many, $grammar:ident) => {
        <grammar::$grammar as List>::FORM
    };
    ($one:ident, $grammar:ident) => {
        <grammar::$grammar as Scalar>::FORM
    };
}

macro_rules! refused_of {
    (Many, $grammar:ident) => {
        <grammar::$grammar as List>::REFUSED
    };
    ($one:ident, $grammar:ident) => {
        <grammar::$grammar as Scalar>::REFUSED
    };
}

macro_rules! sections {
    ($(
        #[doc = $section_doc:literal]
        $section:ident $section_name:literal { $(
            $(#[doc = $doc:literal])+
            $field:ident: $arity:ident<$grammar:ident> [$($name:literal),+] = $default:literal
                $(needs $needs:literal)?;
        )* }
    )*) => {
        $(
            #[doc = $section_doc]
            #[derive(Debug)]
            pub struct $section {
                $($(#[doc = $doc])+ pub $field: $arity<grammar::$grammar>,)*
            }

            impl $section {
                /// The section's name.
                pub const NAME: &'static str = $section_name;

                /// The section as if nothing were assigned.
                pub fn fresh() -> Self {
                    Self { $($field: Field::fresh($default),)* }
                }

                /// Spends an assignment; false if no directive has that name.
                pub fn assign(&mut self, entry: &Entry, cx: &mut Context<'_>) -> bool {
                    match entry.key.as_str() {
                        $($($name)|+ => self.$field.assign(&entry.value, $default, cx),)*
                        _ => return false,
                    }
                    true
                }

                /// All rows, in order, with what is held by each.
                pub fn settings(&self) -> Vec<Setting> {
                    vec![$(Setting {
                        names: &[$($name),+],
                        arity: stringify!($arity),
                        default: $default,
                        said: self.$field.said(),
                    },)*]
                }
            }
        )*

        /// Every section, with what it is about.
        pub const SECTIONS: &[(&str, &str)] = &[$(($section_name, $section_doc)),*];

        /// Every row.
        pub const ROWS: &[Row] = &[$($(Row {
            section: $section_name,
            names: &[$($name),+],
            arity: stringify!($arity),
            form: form_of!($arity, $grammar),
            refused: refused_of!($arity, $grammar),
            default: $default,
            doc: &[$($doc),+],
            needs: concat!($($needs)?),
        },)*)*];
    };
}

unit::directives!(sections);

/// A unit as its file has it.
#[derive(Debug)]
pub struct Draft {
    /// Its name.
    pub name: Name,
    /// Its file; that of the template for an instance.
    pub file: Arc<File>,
    /// Where its own section begins, or the file.
    pub head: Span,
    /// `[Unit]`.
    pub unit: Unit,
    /// `[Install]`.
    pub install: Install,
    /// The section that is named after its kind.
    pub body: Body,
    /// What few services say of what their processes are given.
    pub exec: Box<Exec>,
    /// What a slice, or a service, may have: `[Slice]`.
    pub resources: Box<Slice>,
}

/// What only one kind of unit has.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Target,
    /// `[Service]`.
    Service(Box<Service>),
    /// `[Socket]`.
    Socket(Box<Socket>),
    /// `[Timer]`.
    Timer(Box<Timer>),
    /// `[Mount]`.
    Mount(Box<Mount>),
    /// `[Swap]`.
    Swap(Box<Swap>),
    /// `[Path]`.
    Path(Box<Path>),
    /// Its section is [`Draft::resources`].
    Slice,
}

impl Draft {
    /// True if its `[Install]` says something: what enables it, if anything does.
    pub fn is_installable(&self) -> bool {
        let own = &self.install;
        let lists = [&own.wanted_by, &own.required_by, &own.upheld_by, &own.alias, &own.also];
        lists.iter().any(|list| !list.items.is_empty())
    }

    /// All rows of its sections, with what it has by each.
    pub fn settings(&self) -> Vec<Setting> {
        let own = match &self.body {
            Body::Target => Vec::new(),
            Body::Service(service) => {
                let more = [self.exec.settings(), self.resources.settings()];
                [service.settings(), more.concat()].concat()
            }
            Body::Socket(socket) => socket.settings(),
            Body::Timer(timer) => timer.settings(),
            Body::Mount(mount) => mount.settings(),
            Body::Swap(swap) => swap.settings(),
            Body::Path(path) => path.settings(),
            Body::Slice => self.resources.settings(),
        };
        [self.unit.settings(), own, self.install.settings()].concat()
    }

    /// `[Service]`, if it is a service.
    pub fn service(&self) -> Option<&Service> {
        if let Body::Service(service) = &self.body { Some(service) } else { None }
    }

    /// `[Socket]`, if it is a socket.
    pub fn socket(&self) -> Option<&Socket> {
        if let Body::Socket(socket) = &self.body { Some(socket) } else { None }
    }

    /// `[Timer]`, if it is a timer.
    pub fn timer(&self) -> Option<&Timer> {
        if let Body::Timer(timer) = &self.body { Some(timer) } else { None }
    }

    /// `[Mount]`, if it is a mount.
    pub fn mount(&self) -> Option<&Mount> {
        if let Body::Mount(mount) = &self.body { Some(mount) } else { None }
    }

    /// `[Swap]`, if it is a swap unit.
    pub fn swap(&self) -> Option<&Swap> {
        if let Body::Swap(swap) = &self.body { Some(swap) } else { None }
    }

    /// `Slice=`, if it was given.
    pub fn slice(&self) -> Option<&Spanned<Name>> {
        let own = match &self.body {
            Body::Service(service) => &service.slice,
            Body::Socket(socket) => &socket.slice,
            Body::Target
            | Body::Slice
            | Body::Timer(_)
            | Body::Mount(_)
            | Body::Swap(_)
            | Body::Path(_) => return None,
        };
        own.given.as_ref()
    }

    /// `[Path]`, if it is a path unit.
    pub fn path(&self) -> Option<&Path> {
        if let Body::Path(path) = &self.body { Some(path) } else { None }
    }

    /// `Unit=` of a timer or a path unit.
    pub fn trigger(&self) -> Option<&Maybe<grammar::UnitName>> {
        let of_timer = self.timer().map(|timer| &timer.trigger);
        of_timer.or_else(|| self.path().map(|path| &path.path_trigger))
    }
}
