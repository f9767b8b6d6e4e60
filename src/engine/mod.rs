//! The heart: pure. Owns no descriptor, reads no clock, calls no kernel.
//!
//! An [`Event`] comes in, [`Action`]s go out, the next deadline is a question one asks. The whole
//! init therefore runs inside a seeded simulation on the host (`tests/sim`).
//!
//! Invariants: every state names its data; every event names every state; every queue has a
//! bound that is asserted; a pid that was reaped is never signalled.

mod action;
mod at_work;
mod checks;
mod children;
mod connection;
mod deadline;
mod event;
pub mod instance;
mod job;
mod manager;
pub mod mount;
mod notify;
pub mod path;
pub(crate) mod places;
mod prng;
pub mod service;
mod shutdown;
pub mod socket;
mod special;
mod state;
mod status;
mod time;
pub mod timer;
mod trace;
mod trigger;
pub mod worker;

pub use action::{Action, Answer, CommandList, CommandRef, Target};
pub use event::{
    AcceptFailure, ClientId, Errno, Event, InstanceId, Pid, Process, SpawnError, Special, Stage,
    Work,
};
pub use instance::Instance;
pub use manager::{CLIENTS, Engine};
pub use notify::{NOTIFICATION_MAX, Notification, Ping, Storing, access};
pub use state::{Counters, Extra, ListenerState, Storage, UnitState};
pub use status::StatusText;
pub use time::{Bucket, Instant};
pub use trace::{Record, Ring, ShutdownStep, TRACE_RECORDS, Trace};
pub use trigger::Luck;
