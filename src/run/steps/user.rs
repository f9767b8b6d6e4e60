//! Who a child is, and where: `User=`, the groups, `WorkingDirectory=`.

use core::ffi::CStr;

use rustix::io::Errno;
use rustix::thread::{Gid, Uid};
use unit::{ExecContext, ExecMore};

use super::root::Begin;
use super::{At, Broken, Work, privileges};
use crate::engine::Stage;
use crate::features;
use crate::sys::users;
use crate::sys::vectors::Full;

const ROOT_HOME: &[u8] = b"/root";

/// Who a child will be.
pub(super) struct Identity {
    /// `None` without `User=`.
    user: Option<users::User>,
    /// `None` without either.
    gid: Option<u32>,
}

impl Identity {
    /// The numbers of user and group.
    pub(super) fn numbers(&self) -> (u32, u32) {
        (self.user.as_ref().map_or(0, |user| user.uid), self.gid.unwrap_or(0))
    }
}

/// Looks `User=` and `Group=` up.
pub(super) fn find(context: &ExecContext<'_>) -> Result<Identity, Broken> {
    let user = match context.user {
        "" => None,
        name => Some(users::find_user(name).at(Stage::User)?),
    };
    let gid = match context.group {
        "" => user.as_ref().map(|user| user.gid),
        name if features::GROUPS => Some(users::find_group(name).at(Stage::Group)?),
        _ => return Err(Broken(Stage::Group, Errno::SRCH)),
    };
    Ok(Identity { user, gid })
}

/// Tells the program who it is.
pub(super) fn name(work: &mut Work, identity: &Identity) -> Result<(), Broken> {
    identity.user.as_ref().map_or(Ok(()), |user| push_user(work, user)).at(Stage::Arguments)
}

/// Becomes the unit's user with the unit's capabilities, after its groups.
pub(super) fn change(identity: &Identity, more: &ExecMore<'_>) -> Result<(), Broken> {
    let privileges = privileges::of(more);
    privileges::bound(privileges.as_ref())?;
    if let Some(user) = &identity.user {
        let uid = Uid::from_raw(user.uid);
        rustix::thread::set_thread_res_uid(uid, uid, uid).at(Stage::User)?;
    }
    privileges::settle(privileges.as_ref())
}

/// Groups beside the main one; empty if PID 1's are kept.
pub(super) type Groups = heapless::Vec<u32, { users::GROUPS_MAX }>;

/// The unit's groups: their names are looked up while the board's files are there.
pub(super) fn find_groups(identity: &Identity, more: &ExecMore<'_>) -> Result<Groups, Errno> {
    let mut groups = match (&identity.user, identity.gid) {
        (Some(user), Some(gid)) => users::groups_of(&user.name, gid)?,
        _ => heapless::Vec::new(),
    };
    if features::SUPPLEMENTARY_GROUPS {
        for name in more.groups.iter() {
            let group = users::find_group(name.to_str().unwrap_or_default())?;
            groups.push(group).map_err(|_| Errno::TOOBIG)?;
        }
    }
    Ok(groups)
}

/// Joins them, and the main one.
pub(super) fn join_groups(identity: &Identity, groups: &Groups) -> Result<(), Errno> {
    if !groups.is_empty() {
        let groups: heapless::Vec<Gid, { users::GROUPS_MAX }> =
            groups.iter().map(|&gid| Gid::from_raw(gid)).collect();
        rustix::thread::set_thread_groups(&groups)?;
    }
    let Some(gid) = identity.gid.map(Gid::from_raw) else { return Ok(()) };
    rustix::thread::set_thread_res_gid(gid, gid, gid)
}

/// Who the user is. A home or shell that is there only because passwd(5) wants one is not told.
fn push_user(work: &mut Work, user: &users::User) -> Result<(), Full> {
    let home = if user.has_home() { &user.home[..] } else { &[] };
    let shell = if user.has_login() { &user.shell[..] } else { &[] };
    let variables =
        [("USER", &user.name[..]), ("LOGNAME", &user.name), ("HOME", home), ("SHELL", shell)];
    for (name, value) in variables {
        if !value.is_empty() {
            work.vectors.push_env(name, value)?;
        }
    }
    Ok(())
}

/// `WorkingDirectory=`, which is below the present folder where that is no root directory.
pub(super) fn change_directory(
    context: &ExecContext<'_>,
    identity: &Identity,
    begin: Begin,
) -> Result<(), Errno> {
    let home;
    let directory = if features::HOMES && context.working_directory_home {
        home = home_of(identity)?;
        &home[..]
    } else {
        context.working_directory.as_bytes()
    };
    let slashes = directory.iter().take_while(|&&byte| byte == b'/').count();
    let directory = match begin {
        Begin::Root => directory,
        Begin::Below if directory.len() <= slashes + 1 => return Ok(()),
        Begin::Below => &directory[slashes..],
    };
    let Ok(directory) = CStr::from_bytes_with_nul(directory) else { return Ok(()) };
    match rustix::process::chdir(directory) {
        Err(_) if context.working_directory_optional => Ok(()),
        changed => changed,
    }
}

/// With its NUL.
fn home_of(identity: &Identity) -> Result<users::Field, Errno> {
    let mut home = match &identity.user {
        Some(user) => user.home.clone(),
        None => ROOT_HOME.iter().copied().collect(),
    };
    home.push(0).map_err(|_| Errno::NAMETOOLONG)?;
    Ok(home)
}
