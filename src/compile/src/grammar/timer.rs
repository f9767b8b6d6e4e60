//! When a timer elapses: systemd.timer(5).

use unit::{Delay, Since};

use super::{Context, List, LongTime, Scalar};
use crate::report::Spanned;
use crate::text::Value;

/// One of the moments at which a timer elapses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Elapse {
    /// `OnBootSec=` and its kin.
    Delay(Delay),
}

/// Directives that add a moment.
#[derive(Debug)]
pub struct Elapses;

impl List for Elapses {
    type Item = Elapse;
    const FORM: &'static str = LongTime::FORM;

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Elapse>> {
        let since = match cx.key {
            "OnBootSec" => Since::Boot,
            "OnStartupSec" => Since::Startup,
            "OnActiveSec" => Since::Active,
            "OnUnitActiveSec" => Since::UnitActive,
            _ => Since::UnitInactive,
        };
        let elapse = LongTime::parse(text, cx).map(|micros| Elapse::Delay(Delay { since, micros }));
        elapse.map(|value| Spanned { value, span: text.whole() }).into_iter().collect()
    }
}
