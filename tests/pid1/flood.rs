//! Services that flood the notification socket without end cost the others nothing: each of them
//! gets on. Nothing is measured; who waits too long fails by the world's patience.

use std::time::{Duration, Instant};

use crate::stage::Stage;
use crate::try_cases;
use crate::world::{PATIENCE, World};

const FLOODS: [&str; 2] = ["flood.service", "flood-unheard.service"];
const ALIVE: &str = "flood-alive.service";

pub fn all(world: &mut World) {
    for unit in FLOODS {
        world.control(&["start", unit]);
    }
    let before = messages(world);
    try_cases(
        world,
        &[
            ("clients_and_readiness_are_served", clients_and_readiness_are_served),
            ("a_watchdog_is_heard", a_watchdog_is_heard),
            ("timers_elapse", timers_elapse),
            ("jobs_are_done", jobs_are_done),
        ],
    );
    for unit in FLOODS {
        assert_eq!(world.property("ActiveState", &[unit]), "active");
    }
    let heard = messages(world) - before;
    assert!(heard > 1000, "that was no flood: {heard} messages");
    assert_ne!(world.property("NotificationsDropped", &[]), "0");
    world.control(&["stop", FLOODS[0], FLOODS[1], ALIVE, "flood-tick.timer"]);
}

/// How many of the heard flood's messages PID 1 has read.
fn messages(world: &World) -> u64 {
    world.property("StatusText", &[FLOODS[0]]).parse().unwrap_or_default()
}

/// Each crash has the service started again, which then says when it is ready.
fn clients_and_readiness_are_served(world: &mut World) {
    for _ in 0..10 {
        let pid = world.ask("/run/serve.sock", "pid");
        assert_eq!(world.ask("/run/serve.sock", "crash"), "");
        assert_ne!(world.ask("/run/serve.sock", "pid"), pid);
        world.wait_for_property("StatusText", "serve.service", "serving");
    }
}

fn a_watchdog_is_heard(world: &mut World) {
    let begin = Instant::now();
    while !stays_alive(world) {
        assert!(begin.elapsed() < PATIENCE, "it is not heard in time");
    }
}

/// Says that it is alive for twice as long as it may be silent. If it was heard of too late it may
/// well have been ended: then nothing is known.
fn stays_alive(world: &World) -> bool {
    const PERIOD: Duration = Duration::from_secs(2);
    let stage = Stage::new(world);
    world.control(&["stop", ALIVE]);
    world.control(&["start", "--no-block", ALIVE]);
    let mut service = stage.enter("alive");
    let begin = Instant::now();
    let (mut last, mut word) = (begin, "notify READY=1");
    while begin.elapsed() < 2 * PERIOD {
        let now = Instant::now();
        service.order(word);
        let heard = service.hear();
        if last.elapsed() >= PERIOD {
            return false;
        }
        assert_eq!(heard.as_deref(), Some("done"), "it was ended though it said that it lives");
        (last, word) = (now, "notify WATCHDOG=1");
    }
    true
}

fn timers_elapse(world: &mut World) {
    let ticks = |world: &World| std::fs::read(world.path("/run/ticks")).unwrap_or_default().len();
    world.control(&["start", "flood-tick.timer"]);
    // Each question is a turn of PID 1, too.
    let begin = Instant::now();
    while ticks(world) < 20 {
        assert!(begin.elapsed() < PATIENCE, "{} ticks", ticks(world));
        assert_eq!(world.property("ActiveState", &["flood-tick.timer"]), "active");
    }
}

fn jobs_are_done(world: &mut World) {
    for _ in 0..10 {
        world.control(&["restart", "plain.service"]);
    }
}
