//! Children: clone3(2) with our memory (CLONE_VM) and a stack of their own, until execve(2).
//!
//! No page table is copied, and PID 1 never waits for a child (no CLONE_VFORK): between
//! setresuid(2) and execve(2) another process of that user could stop the child, and slow flash
//! would stall every other service.
//!
//! A child that does what may not be done in our memory, or may take long, is made with a copy of
//! it. It has the slot's contents in that copy, and its slot is free at once; why it failed it
//! writes into a pipe that all copies share.
//!
//! # Safety
//! A [`Slot`] is a stack and what the child works on. `busy` is set before clone3(2) and zeroed
//! by the kernel (CLONE_CHILD_CLEARTID) when the child has left our memory, by execve(2) or by
//! its end; only then is the slot touched again, and if the child left an error there, not
//! before that is collected. Signals are blocked in PID 1 and thus in the child, so that nothing
//! but the child's own steps runs on its stack; a word at its far end tells if they needed more.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering};

use linux_raw_sys::general::{
    CLONE_CHILD_CLEARTID, CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP, CLONE_VM, SIGCHLD, clone_args,
};
use rustix::fd::{AsRawFd, BorrowedFd, RawFd};
use rustix::io::Errno;

use super::fd::LISTEN_FDS_START;
use super::raw;
use super::reports::{self, Reports};
use crate::features;

/// Stack of a child, in bytes: its deepest steps are the searches of /etc/passwd and /etc/group,
/// and a path that is no C string, for which rustix may have room for PATH_MAX on the stack.
/// What is not reached costs no page.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 44 * 1024 } else { 16 * 1024 };
/// As the ABIs want its end: what a child works on may have any length.
#[repr(align(16))]
struct Stack {
    _bytes: [u8; STACK_BYTES],
}

const _: () = assert!(size_of::<Stack>() == STACK_BYTES);

/// Lies at the far end of a stack.
const CANARY: u64 = 0x7069_6c6f_745f_6f6b;

/// Why a child ended before its program ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The caller's number for the step that failed; never 0.
    pub stage: u8,
    /// What the kernel said.
    pub errno: u16,
    /// The code that the child exits with.
    pub exit_code: u8,
}

/// How a child came into its control group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Birth {
    /// It was born there, or none was asked for.
    Done,
    /// The kernel could not: the child must move itself.
    MustMove,
}

/// Whose memory a child works in until it executes its program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Ours.
    Shared,
    /// Its own, a copy. It says why it failed at [`Pool::reports`].
    Copied(RawFd),
}

/// What a child does; it comes back only to fail.
pub type Steps<T> = fn(&mut T, Birth) -> Failure;

/// A place for one child.
#[repr(C)]
pub struct Slot<T> {
    busy: AtomicU32,
    failure: AtomicU32,
    pid: AtomicU32,
    prepared: UnsafeCell<Prepared<T>>,
    canary: UnsafeCell<u64>,
    stack: UnsafeCell<MaybeUninit<Stack>>,
}

struct Prepared<T> {
    steps: Option<Steps<T>>,
    birth: Birth,
    /// Where a copy writes why it failed.
    reports: Option<RawFd>,
    work: T,
}

// SAFETY: the cells are touched by the pool's owner while `busy` is zero and by the one child
// while it is not.
unsafe impl<T> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// A slot that was never used: `work` all zero costs no byte of the file.
    pub const fn new(work: T) -> Self {
        Self {
            busy: AtomicU32::new(0),
            failure: AtomicU32::new(0),
            pid: AtomicU32::new(0),
            prepared: UnsafeCell::new(Prepared {
                steps: None,
                birth: Birth::Done,
                reports: None,
                work,
            }),
            canary: UnsafeCell::new(0),
            stack: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    fn is_free(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0 && self.failure.load(Ordering::Relaxed) == 0
    }
}

/// What the kernel's clone can do: found out by trying.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ability {
    /// Linux 5.7: born in a control group.
    IntoCgroup,
    /// Linux 5.5: without our signal handlers.
    ClearSighand,
    /// Before that: clone(2).
    Plain,
}

/// All places for children.
pub struct Pool<T: 'static> {
    slots: &'static [Slot<T>],
    ability: Ability,
    reports: Option<Reports>,
}

/// A free slot that is being prepared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotId(usize);

impl<T> Pool<T> {
    /// A pool over slots that nobody uses.
    pub fn new(slots: &'static mut [Slot<T>]) -> Self {
        Self { slots, ability: Ability::IntoCgroup, reports: None }
    }

    /// How many slots have no child in them. More than two are two: each lies far from the others.
    pub fn count_free(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_free()).take(2).count()
    }

    /// The lowest free slot (its pages are the warm ones), and what its child will work on.
    /// The same slot is offered again until [`Pool::start`] has used it.
    ///
    /// # Panics
    /// If the child before needed more stack than there is.
    pub fn prepare(&mut self) -> Option<(SlotId, &mut T)> {
        let index = self.slots.iter().position(Slot::is_free)?;
        let slot = &self.slots[index];
        if slot.pid.load(Ordering::Relaxed) != 0 {
            // SAFETY: the slot is free: no child is in it.
            ensure!(unsafe { *slot.canary.get() } == CANARY, "a child's stack overflowed");
        }
        // SAFETY: no child is in it, and `&mut self` keeps other callers out.
        let work = unsafe { &mut (*slot.prepared.get()).work };
        Some((SlotId(index), work))
    }

    /// Makes the child. Its signal mask is ours, its signal actions the default ones.
    ///
    /// # Errors
    /// Those of clone3(2); the slot is then free.
    pub fn start(
        &mut self,
        id: SlotId,
        steps: Steps<T>,
        cgroup: Option<BorrowedFd<'_>>,
        memory: Memory,
    ) -> Result<u32, Errno> {
        let slot = &self.slots[id.0];
        ensure!(slot.is_free(), "a child is in this slot");
        let reports = match memory {
            Memory::Copied(reports) if features::COPIES => Some(reports),
            Memory::Copied(_) | Memory::Shared => None,
        };
        let is_copy = reports.is_some();
        loop {
            let birth = match (cgroup, self.ability) {
                (None, _) | (Some(_), Ability::IntoCgroup) => Birth::Done,
                (Some(_), Ability::ClearSighand | Ability::Plain) => Birth::MustMove,
            };
            // SAFETY: the slot is free: no child is in it.
            unsafe {
                *slot.canary.get() = CANARY;
                let prepared = &mut *slot.prepared.get();
                prepared.steps = Some(steps);
                prepared.birth = birth;
                prepared.reports = reports;
            }
            slot.busy.store(1, Ordering::Release);
            match self.clone_once(slot, cgroup, is_copy) {
                Ok(pid) => {
                    if is_copy {
                        slot.busy.store(0, Ordering::Release);
                    }
                    slot.pid.store(pid, Ordering::Relaxed);
                    return Ok(pid);
                }
                Err(errno) => {
                    slot.busy.store(0, Ordering::Release);
                    self.ability = match (errno, self.ability) {
                        (Errno::INVAL | Errno::TOOBIG, Ability::IntoCgroup) => {
                            Ability::ClearSighand
                        }
                        (Errno::INVAL, Ability::ClearSighand)
                        | (Errno::NOSYS, Ability::IntoCgroup | Ability::ClearSighand) => {
                            Ability::Plain
                        }
                        (errno, _) => return Err(errno),
                    };
                }
            }
        }
    }

    /// The end of the pipe that copies write into, made for the first of them.
    ///
    /// # Errors
    /// Those of pipe(2).
    pub fn reports(&mut self) -> Result<RawFd, Errno> {
        let reports = match self.reports.take() {
            Some(reports) => reports,
            None => Reports::new()?,
        };
        Ok(self.reports.insert(reports).writer())
    }

    fn clone_once(
        &self,
        slot: &Slot<T>,
        cgroup: Option<BorrowedFd<'_>>,
        is_copy: bool,
    ) -> Result<u32, Errno> {
        let shared = if is_copy { 0 } else { CLONE_VM | CLONE_CHILD_CLEARTID };
        let stack = slot.stack.get() as usize;
        let clear_tid = slot.busy.as_ptr() as usize;
        let argument = (&raw const *slot).cast_mut().cast::<c_void>();
        if self.ability == Ability::Plain {
            let top = stack + STACK_BYTES;
            // SAFETY: the slot is the child's until the kernel zeroes `busy`, or a copy of it is.
            return unsafe { raw::clone(shared, top, clear_tid, enter::<T>, argument) };
        }
        // SAFETY: a struct of plain numbers.
        let mut args: clone_args = unsafe { core::mem::zeroed() };
        args.flags = u64::from(shared) | CLONE_CLEAR_SIGHAND;
        if let (Some(cgroup), Ability::IntoCgroup) = (cgroup, self.ability) {
            args.flags |= CLONE_INTO_CGROUP;
            args.cgroup = cgroup.as_raw_fd() as u64;
        }
        args.exit_signal = u64::from(SIGCHLD);
        args.stack = stack as u64;
        args.stack_size = STACK_BYTES as u64;
        args.child_tid = clear_tid as u64;
        // SAFETY: as above.
        unsafe { raw::clone3(&args, enter::<T>, argument) }
    }

    /// Why the child with this pid, just reaped, never ran its program; frees its slot.
    pub fn reaped(&mut self, pid: u32) -> Option<Failure> {
        let word = match self.failed(pid) {
            Some(slot) => slot.failure.swap(0, Ordering::Relaxed),
            None => self.reports.as_ref().filter(|_| features::COPIES)?.find(pid, false)?,
        };
        let [errno_low, errno_high, exit_code, stage] = word.to_le_bytes();
        let errno = u16::from_le_bytes([errno_low, errno_high]);
        Some(Failure { stage, errno, exit_code })
    }

    /// True if the child with this pid is known not to have reached its program.
    pub fn has_failed(&self, pid: u32) -> bool {
        let reports = self.reports.as_ref().filter(|_| features::COPIES);
        self.failed(pid).is_some() || reports.is_some_and(|each| each.find(pid, true).is_some())
    }

    fn failed(&self, pid: u32) -> Option<&Slot<T>> {
        self.slots.iter().find(|slot| {
            slot.failure.load(Ordering::Acquire) != 0 && slot.pid.load(Ordering::Relaxed) == pid
        })
    }
}

/// Where a child begins, on its own stack.
unsafe extern "C" fn enter<T>(argument: *mut c_void) -> ! {
    // SAFETY: `clone_once` passes the slot, which lives for ever.
    let slot = unsafe { &*argument.cast::<Slot<T>>() };
    // SAFETY: while `busy` is set the slot's insides are this child's.
    let prepared = unsafe { &mut *slot.prepared.get() };
    let steps = prepared.steps.unwrap_or_else(|| bug!("`start` has set them"));
    let failure = steps(&mut prepared.work, prepared.birth);
    ensure!(failure.stage != 0, "0 is the mark of no failure");
    let [low, high] = failure.errno.to_le_bytes();
    let word = u32::from_le_bytes([low, high, failure.exit_code, failure.stage]);
    match prepared.reports {
        Some(to) if features::COPIES => reports::write(to, word),
        Some(_) | None => slot.failure.store(word, Ordering::Release),
    }
    raw::exit_group(failure.exit_code)
}

/// A child with a copy of our memory, for work that may wait. Its exit code is what `work`
/// returns; it hears signals, and holds no descriptor of ours but the streams, and `passed` in
/// place of the first of them.
///
/// # Errors
/// Those of fork(2).
pub fn fork(passed: Option<BorrowedFd<'_>>, work: &dyn Fn() -> u8) -> Result<u32, Errno> {
    if let Some(pid) = raw::fork()? {
        return Ok(pid);
    }
    if let Some(passed) = passed {
        let _ = super::fd::put(passed, 0);
    }
    // Before Linux 5.9 it holds copies of them until it ends, as other children do until they
    // execute their programs.
    let _ = raw::close_range_now(LISTEN_FDS_START as u32);
    let _ = super::signal::unblock_all();
    raw::exit_group(work())
}
