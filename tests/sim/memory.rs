//! The engine's memory, as long as a plan says.

use pilotlight::engine::{Extra, Instance, ListenerState, StatusText, Storage, UnitState};
use unit::Limits;

/// Owns what an engine borrows.
pub struct Memory {
    units: Vec<UnitState>,
    listeners: Vec<ListenerState>,
    instances: Vec<Instance>,
    status: Vec<StatusText>,
    extras: Vec<Extra>,
}

impl Memory {
    /// Places in which nothing has happened.
    pub fn new(limits: &Limits) -> Self {
        Self {
            units: vec![UnitState::NEW; limits.units],
            listeners: vec![ListenerState::NEW; limits.listeners],
            instances: vec![Instance::FREE; limits.instances],
            status: vec![StatusText::EMPTY; limits.services],
            extras: vec![Extra::NEW; limits.extras],
        }
    }

    pub fn storage(&mut self) -> Storage<'_> {
        Storage {
            units: &mut self.units,
            listeners: &mut self.listeners,
            instances: &mut self.instances,
            status: &mut self.status,
            extras: &mut self.extras,
        }
    }
}
