//! `FileDescriptorStoreMax=`: what services give PID 1 to keep, and what they get back.

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::World;

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("what_is_stored_comes_back_under_its_name", what_is_stored_comes_back_under_its_name),
            ("no_more_than_the_limit_is_kept", no_more_than_the_limit_is_kept),
            (
                "a_heap_of_descriptors_leaves_nothing_open",
                a_heap_of_descriptors_leaves_nothing_open,
            ),
            ("what_has_hung_up_is_gone_unless_nobody_looks", what_has_hung_up_is_gone),
            ("a_stop_empties_it_unless_it_is_to_stay", a_stop_empties_it),
            ("what_is_to_stay_is_cleaned_by_hand", what_is_to_stay_is_cleaned_by_hand),
        ],
    );
}

/// Has the service killed, and takes its next process.
fn restarted(world: &World, stage: &Stage, main: Actor) -> Actor {
    world.run(&["/bin/probe", "signal", "KILL", &main.pid]);
    drop(main);
    stage.enter("main")
}

fn has(main: &mut Actor, names: &str) {
    main.order("variable LISTEN_FDNAMES");
    main.says(names);
}

fn what_is_stored_comes_back_under_its_name(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "stores.service"]);
    let mut main = stage.enter("main");
    main.order("variable FDSTORE");
    main.says("3");
    has(&mut main, "opened");
    main.does("store file FDSTORE=1\\nFDNAME=my-file");
    main.does("store sockets FDSTORE=1\\nFDNAME=not:one");
    let mut main = restarted(world, &stage, main);
    has(&mut main, "my-file:stored:stored:opened");
    main.order("variable LISTEN_FDS");
    main.says("4");
    main.order("kept my-file");
    main.says("kept");
    main.does("notify FDSTOREREMOVE=1");
    main.does("notify FDSTOREREMOVE=1\\nFDNAME=stored");
    world.control(&["restart", "--no-block", "stores.service"]);
    main.says("SIGTERM");
    let mut main = stage.enter("main");
    has(&mut main, "my-file:opened");
    main.order("kept my-file");
    main.says("kept");
    world.control(&["stop", "stores.service"]);
}

fn no_more_than_the_limit_is_kept(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "stores.service"]);
    let mut main = stage.enter("main");
    main.does("store twice FDSTORE=1\\nFDNAME=a");
    main.does("store file FDSTORE=1\\nFDNAME=b");
    main.does("store sockets FDSTORE=1\\nFDNAME=c");
    world.wait_for_line("stores.service: a descriptor to store is one too many");
    let mut main = restarted(world, &stage, main);
    has(&mut main, "a:a:b:opened");
    world.control(&["stop", "stores.service"]);
}

fn a_heap_of_descriptors_leaves_nothing_open(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "stores.service"]);
    let mut main = stage.enter("main");
    let before = world.descriptors();
    main.does("store many FDSTORE=1\\nFDNAME=a");
    main.does("notify STATUS=still heard");
    // Before that was heard some of the heap may have been on its way.
    assert_eq!(world.property("StatusText", &["stores.service"]), "still heard");
    world.wait_for_descriptors(before + 3);
    world.control(&["stop", "stores.service"]);
}

fn what_has_hung_up_is_gone(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "stores.service"]);
    let mut main = stage.enter("main");
    main.does("store socket FDSTORE=1\\nFDNAME=looked at");
    main.does("store socket FDSTORE=1\\nFDNAME=let be\\nFDPOLL=0");
    let mut main = restarted(world, &stage, main);
    has(&mut main, "let be:opened");
    world.control(&["stop", "stores.service"]);
}

fn a_stop_empties_it(world: &mut World) {
    let stage = Stage::new(world);
    for (unit, after_restart, after_stop) in [
        ("stores.service", "a:opened", ""),
        ("stores-always.service", "a", "a"),
        ("stores-never.service", "", ""),
    ] {
        world.control(&["start", unit]);
        let mut main = stage.enter("main");
        main.does("store file FDSTORE=1\\nFDNAME=a");
        let mut main = restarted(world, &stage, main);
        has(&mut main, after_restart);
        world.control(&["stop", unit]);
        world.control(&["start", unit]);
        let mut main = stage.enter("main");
        let opened = if after_restart.ends_with("opened") { "opened" } else { "" };
        has(&mut main, if after_stop.is_empty() { opened } else { after_stop });
        world.control(&["stop", unit]);
    }
}

fn what_is_to_stay_is_cleaned_by_hand(world: &mut World) {
    const UNIT: &str = "stores-always.service";
    let count = |world: &World| world.property("NFileDescriptorStore", &[UNIT]);
    let clean = |world: &World| world.run(&["/sbin/pilotctl", "clean", "--what=fdstore", UNIT]);
    let stage = Stage::new(world);
    // From what was tried before.
    assert!(clean(world).status.success());
    world.control(&["start", UNIT]);
    let mut main = stage.enter("main");
    assert_eq!(count(world), "0");
    main.does("store file FDSTORE=1\\nFDNAME=a");
    main.does("store file FDSTORE=1\\nFDNAME=b");
    assert_eq!(count(world), "2");
    let status = world.control(&["status", UNIT]);
    assert!(status.contains("FD Store: 2 (limit: 2)"), "{status}");
    let refused = clean(world);
    assert!(!refused.status.success(), "it is up");
    world.control(&["stop", UNIT]);
    assert_eq!(count(world), "2");
    let cleaned = clean(world);
    assert!(cleaned.status.success(), "{cleaned:?}");
    assert_eq!(count(world), "0");
    world.control(&["start", UNIT]);
    let mut main = stage.enter("main");
    has(&mut main, "");
    world.control(&["stop", UNIT]);
}
