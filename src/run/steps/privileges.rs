//! What a child may do: capabilities, and whether there can be more of them.

use unit::{ExecMore, Privileges, decode};

use super::{At, Broken};
use crate::engine::Stage;
use crate::features;
use crate::sys::process;

/// What a unit says of its rights; `None` if that is nothing.
pub(super) fn of(more: &ExecMore<'_>) -> Option<Privileges> {
    if !features::CAPABILITIES {
        return None;
    }
    decode::from_bytes(more.privileges)
}

/// Before the user changes: what is given away here is nobody's any more.
pub(super) fn bound(privileges: Option<&Privileges>) -> Result<(), Broken> {
    let Some(privileges) = privileges else { return Ok(()) };
    process::bound_capabilities(privileges.bounding).at(Stage::Capabilities)?;
    if privileges.ambient != 0 {
        process::keep_capabilities().at(Stage::Capabilities)?;
    }
    Ok(())
}

/// After the user has changed, and with that the sets.
pub(super) fn settle(privileges: Option<&Privileges>) -> Result<(), Broken> {
    let Some(privileges) = privileges else { return Ok(()) };
    if privileges.ambient != 0 {
        process::set_ambient(privileges.ambient).at(Stage::Capabilities)?;
    }
    if privileges.no_new {
        process::set_no_new_privileges().at(Stage::NoNewPrivileges)?;
    }
    Ok(())
}
