//! What a timer with `Persistent=` keeps, over several boots that have a disk in common.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::enter::Oddity;
use crate::world::{PATIENCE, World};
use crate::{Case, try_cases};

/// What happens to the stamp while the board is off, and what the next boot makes of it.
type Boot = (fn(&Path), Case);

const DAYS: Duration = Duration::from_secs(3 * 24 * 60 * 60);

pub fn all(pilot: &Path) {
    let boots: [Boot; 5] = [
        (|_| (), ("of_a_timer_that_never_elapsed_the_start", now_is_kept)),
        (
            |stamp| set_time(stamp, SystemTime::now() - DAYS),
            ("what_came_meanwhile", starts_at_once),
        ),
        (|_| (), ("what_elapsed_before_a_reboot", starts_nothing)),
        (|stamp| set_time(stamp, SystemTime::now() + DAYS), ("what_is_to_come", starts_nothing)),
        (put_folder_there, ("a_folder_in_its_place", does_no_harm)),
    ];
    let mut kept = PathBuf::new();
    for (meanwhile, case) in boots {
        meanwhile(&stamp(&kept));
        let mut world = World::start(pilot, &[Oddity::Kept]);
        kept = world.kept();
        world.control(&["start", "kept.timer"]);
        try_cases(&mut world, &[case]);
    }
    fs::remove_dir_all(kept).unwrap();
}

fn stamp(kept: &Path) -> PathBuf {
    kept.join("systemd/timers/stamp-kept.timer")
}

fn set_time(stamp: &Path, time: SystemTime) {
    File::options().write(true).open(stamp).unwrap().set_modified(time).unwrap();
}

fn put_folder_there(stamp: &Path) {
    fs::remove_file(stamp).unwrap();
    fs::create_dir(stamp).unwrap();
}

/// Waits until a stamp says that its timer has elapsed just now.
fn wait_for_stamp(world: &World) {
    let stamp = stamp(&world.kept());
    let is_fresh = || {
        let written = fs::metadata(&stamp).and_then(|stamp| stamp.modified()).ok()?;
        Some(SystemTime::now().duration_since(written).ok()? < DAYS / 2)
    };
    let begin = Instant::now();
    while is_fresh() != Some(true) {
        assert!(begin.elapsed() < PATIENCE, "{} never came:\n{}", stamp.display(), world.said);
    }
}

fn now_is_kept(world: &mut World) {
    wait_for_stamp(world);
    starts_nothing(world);
}

fn starts_at_once(world: &mut World) {
    world.wait_for_property("ActiveState", "kept.service", "active");
    wait_for_stamp(world);
}

fn starts_nothing(world: &mut World) {
    assert_eq!(world.property("SubState", &["kept.timer"]), "waiting");
    assert_eq!(world.property("ActiveState", &["kept.service"]), "inactive");
}

fn does_no_harm(world: &mut World) {
    world.wait_for_line("kept.timer: errno 21");
    starts_nothing(world);
}
