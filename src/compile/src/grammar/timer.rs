//! When a timer elapses: systemd.timer(5).

use unit::{Delay, Since};

use super::{CalendarEvent, Context, List, LongTime, Scalar, calendar};
use crate::report::Spanned;
use crate::text::Value;

/// One of the moments at which a timer elapses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Elapse {
    /// `OnBootSec=` and its kin.
    Delay(Delay),
    /// `OnCalendar=`.
    Calendar(CalendarEvent),
}

/// Directives that add a moment.
#[derive(Debug)]
pub struct Elapses;

impl List for Elapses {
    type Item = Elapse;
    const FORM: &'static str =
        "time, such as `5s` or `1min 30s`; OnCalendar= a calendar event, such as `Mon..Fri 10:30`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Elapse>> {
        let since = match cx.key {
            "OnBootSec" => Since::Boot,
            "OnStartupSec" => Since::Startup,
            "OnActiveSec" => Since::Active,
            "OnUnitActiveSec" => Since::UnitActive,
            "OnCalendar" => {
                let event = calendar::parse(text, cx).map(Elapse::Calendar);
                return event.map(|value| spanned(value, text)).into_iter().collect();
            }
            _ => Since::UnitInactive,
        };
        let elapse = LongTime::parse(text, cx).map(|micros| Elapse::Delay(Delay { since, micros }));
        elapse.map(|value| spanned(value, text)).into_iter().collect()
    }
}

fn spanned(value: Elapse, text: &Value) -> Spanned<Elapse> {
    Spanned { value, span: text.whole() }
}
