//! The whole engine in a world of dice: random boards, any system call may fail, and whatever
//! happens, what must hold holds. `PILOT_SEED=N cargo test --test sim` replays one seed.

#[path = "sim/board.rs"]
mod board;
#[path = "sim/memory.rs"]
mod memory;
#[path = "sim/prng.rs"]
mod prng;
#[path = "sim/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use memory::Memory;
use pilotlight::engine::{Engine, Event};
use prng::Prng;
use unit::control::{ActiveState, ShutdownKind};
use unit::{Kind, Table};
use world::World;

/// Seeds of one `cargo test`; `PILOT_SEEDS` asks for more.
const SEEDS: u64 = 2_000;
/// Starts that wait for each other, and those of helpers.
const STARTS_IN_A_ROW: usize = 12;
/// Things that happen before the faults stop.
const EVENTS: usize = 150;

/// The units and the `board.conf` of a seed.
fn make_up(seed: u64) -> (Vec<board::File>, String) {
    let mut prng = Prng::new(seed);
    let mut files = board::random(&mut prng);
    let conf = board::conf(&mut prng);
    board::link(&mut files, &conf);
    (files, conf)
}

fn compile(seed: u64) -> Option<compile::Image> {
    let (files, conf) = make_up(seed);
    let source = |name: &str, text: &str| compile::Source {
        path: name.to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let units: Vec<compile::Source> =
        files.iter().map(|file| source(&file.name, &file.text)).collect();
    match compile::compile_sources(&source("board.conf", &conf), &units) {
        Ok((image, _)) => Some(image),
        // Made up at random, a board may contradict itself; that is the compiler's to say.
        Err(failure) if failure.to_string().contains("conflict") => None,
        Err(failure) => panic!("seed {seed}: {failure}"),
    }
}

fn run(seed: u64) -> bool {
    let Some(image) = compile(seed) else { return false };
    let limits = image.limits;
    let table = Table::open(&image.table).expect("what was compiled opens");
    let mut memory = Memory::new(&image.limits);
    let engine = Engine::new(table, memory.storage());
    let mut world = World::new(table, engine, limits.listeners, seed);
    let result = catch_unwind(AssertUnwindSafe(|| live(&mut world, table)));
    if let Err(panic) = result {
        for board::File { name, text } in make_up(seed).0 {
            eprintln!("=== {name}\n{text}");
        }
        eprintln!("{}\nseed {seed}: replay with PILOT_SEED={seed}", world.log());
        resume_unwind(panic);
    }
    true
}

fn live(world: &mut World<'_, '_>, table: Table<'_>) {
    world.fault_percent = *world.prng.pick(&[0, 5, 30]);
    world.boot();
    for _ in 0..EVENTS {
        world.happen();
        if world.over.is_some() {
            return;
        }
    }
    // From here on the kernel is well: whatever waits is served.
    world.fault_percent = 0;
    serve_everybody(world);
    come_to_rest(world);
    shut_down(world, table);
}

/// Every connection on an open listener is taken in the end, whatever limits say meanwhile.
/// Timers and paths stop before: one that starts what conflicts with a busy service does so for
/// ever.
fn serve_everybody(world: &mut World<'_, '_>) {
    world.stop_timers();
    for _ in 0..2_000 {
        // Helpers' ends, then main processes that get ready, of one unit after the other: all
        // before time goes on.
        world.report_traffic();
        for _ in 0..STARTS_IN_A_ROW {
            world.go_well();
            if world.over.is_some() || world.waiting_connections() == 0 {
                return;
            }
        }
        world.wait();
    }
    panic!("{} connections wait for ever", world.waiting_connections());
}

/// Every job comes to its end; there may be new ones then, of who restarts for ever.
fn come_to_rest(world: &mut World<'_, '_>) {
    for _ in 0..2_000 {
        for _ in 0..STARTS_IN_A_ROW {
            if world.over.is_some() || !world.has_jobs() {
                return;
            }
            world.go_well();
        }
        if world.over.is_none() {
            world.wait();
        }
    }
    panic!("a job never ends");
}

/// A shutdown ends, and in time, although some processes never do.
fn shut_down(world: &mut World<'_, '_>, table: Table<'_>) {
    if world.over.is_some() {
        return;
    }
    // It may be on its way down already: the first word holds.
    let was_ending = world.is_ending();
    let begun = world.now;
    world.feed(Event::ShutdownSignal(ShutdownKind::Poweroff));
    let bound = table.manager().shutdown_timeout.0 as u64 * 1000 + 50_000_000;
    for _ in 0..2_000 {
        if let Some(kind) = world.over {
            assert!(kind == ShutdownKind::Poweroff || was_ending, "{kind:?}");
            assert!(world.now <= begun.later(bound), "power-off came late");
            return;
        }
        world.the_dying_end();
        if world.over.is_none() && world.prng.chance(50) {
            world.finisher_ends();
        }
        if world.over.is_none() {
            world.wait();
        }
    }
    panic!("power-off never came");
}

#[test]
fn whatever_happens_what_must_hold_holds() {
    if let Ok(seed) = std::env::var("PILOT_SEED") {
        assert!(run(seed.parse().expect("PILOT_SEED is a number")), "this board is refused");
        return;
    }
    let seeds = std::env::var("PILOT_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    let ran = (0..seeds).filter(|&seed| run(seed)).count() as u64;
    assert!(ran > seeds / 2, "most boards must be sound: {ran} of {seeds} were");
}

/// Without faults a board comes up whole that has nothing for which a child works first.
#[test]
fn a_board_boots() {
    let is_plain = |table: Table<'_>| {
        table.ids().all(|unit| {
            let waits = match table.kind(unit) {
                Kind::Mount(_) => true,
                Kind::Socket(socket) => socket.commands().is_some(),
                Kind::Target | Kind::Slice | Kind::Service(_) | Kind::Timer(_) | Kind::Path(_) => {
                    false
                }
            };
            !waits && table.checks(unit).is_empty()
        })
    };
    let found = (0..SEEDS).find_map(|seed| {
        let image = compile(seed)?;
        is_plain(Table::open(&image.table).unwrap()).then_some((seed, image))
    });
    let (seed, image) = found.expect("some boards are plain");
    let table = Table::open(&image.table).unwrap();
    let mut memory = Memory::new(&image.limits);
    let engine = Engine::new(table, memory.storage());
    let mut world = World::new(table, engine, image.limits.listeners, seed);
    world.feed(Event::Boot);
    let target = table.find("sockets.target").expect("every board has it");
    assert_eq!(world.status(target).active, ActiveState::Active);
}
