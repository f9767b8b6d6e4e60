//! The clock on the wall: what it shows, and when somebody sets it. timerfd_create(2).

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::engine::Event;
use crate::features;
use crate::sys::clock;

use super::Pilot;
use super::watch::{Source, Watch};

/// No clock shows it before this program is forgotten: 2242-03-16, in seconds since 1970.
const NEVER: i64 = 1 << 33;

/// A timer that never elapses; setting the clock cancels it.
#[derive(Default)]
pub(super) struct Wall {
    /// `None` on boards without calendars, or without a descriptor to spare.
    timer: Option<OwnedFd>,
}

impl Wall {
    pub(super) fn open(watch: &mut Watch) -> Result<Self, Errno> {
        if !features::CALENDARS {
            return Ok(Self { timer: None });
        }
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
        watch.add(timer.as_fd(), Source::Wall, EventFlags::IN)?;
        let wall = Self { timer: Some(timer) };
        wall.arm();
        Ok(wall)
    }

    /// Is told of the next change.
    fn arm(&self) {
        let Some(timer) = &self.timer else { return };
        // Read first: what was told is not told again. It says ECANCELED.
        let _ = rustix::io::read(timer, &mut [0; 8]);
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let never = Itimerspec { it_interval: zero, it_value: Timespec { tv_sec: NEVER, ..zero } };
        // It is armed even if it says that the clock was set meanwhile: what it shows is read
        // after this.
        let _ = timerfd_settime(timer, flags, &never);
    }
}

impl Pilot {
    /// Tells the engine what the clock on the wall shows.
    pub(super) fn on_clock_set(&mut self) {
        if !features::CALENDARS {
            return;
        }
        self.wall.arm();
        self.feed(Event::ClockChanged { wall_us: clock::wall_offset_us() });
    }
}
