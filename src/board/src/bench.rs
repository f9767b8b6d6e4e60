//! `cargo board bench`: what `pilot` costs, beside the least that could do the same.
//!
//! Everything is measured in one run, in rounds in which the contenders take turns, since no two
//! moments of a machine are alike: what counts is the ratio within a round. The floor
//! (`bench/floor.c`) accepts, vforks and executes the same tiny service (`bench/service.c`) and
//! knows nothing of services.
//!
//! [`place`] builds what takes part and its root, [`contender`] starts it as PID 1 of namespaces
//! of its own, [`client`], [`listeners`], [`restart`], [`trace`] and [`memory`] each take one
//! kind of figure, [`rounds`] has them taken in turn and [`table`] holds the aims.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::fail::{Failure, OrFail, Result};

mod client;
mod contender;
mod cpu;
mod listeners;
mod memory;
mod place;
mod restart;
mod rounds;
mod stats;
mod table;
mod trace;
mod units;

use contender::Contender;
use place::Place;

/// What the user may ask for.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// How often everything is measured; each figure is the median.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measures xinetd, openbsd-inetd and systemd-socket-activate as well.
    #[arg(long)]
    peers: bool,
    /// Everything is built, and this process is in a network namespace made for it.
    #[arg(long, hide = true)]
    inside: bool,
}

/// Builds everything, then measures it in a network of its own and prints the table.
///
/// # Errors
/// If the user is not root, something cannot be built, or a contender does not come up.
pub fn main(options: &Options) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Err(Failure::new(
            "namespaces with a PID 1 of their own can only be made by root",
            "type `sudo -E env PATH=\"$PATH\" cargo board bench`",
        ));
    }
    let place = Place::new();
    if options.inside {
        return measure(&place, options);
    }
    place.build(options.peers)?;
    let program = std::env::current_exe()
        .or_fail(|| "cannot find this program".into(), "see that /proc is mounted")?;
    let mut again = Command::new("unshare");
    again
        .args(["--net", "--mount", "--propagation", "private", "--"])
        .arg(program)
        .args(["bench", "--inside", "--rounds", &options.rounds.to_string()])
        .args(options.peers.then_some("--peers"));
    let failed = again.exec();
    Err(Failure::because(failed, "cannot start unshare", "install the package util-linux"))
}

fn measure(place: &Place, options: &Options) -> Result<()> {
    let cgroup = place.enter()?;
    let contenders: &[Contender] =
        if options.peers { &Contender::ALL } else { &[Contender::Floor, Contender::Pilot] };
    cpu::go_first()?;
    let crowd = cpu::OneCrowd::begin();
    let measured = rounds::run(place, contenders, options.rounds);
    drop(crowd);
    let left = cgroup.leave();
    let figures = measured?;
    let size_bytes = place.armv7_size_bytes()?;
    print!("{}", table::print(&figures, contenders, size_bytes));
    left.or_fail(|| "the bench's control group is still there".into(), "remove it by hand")
}
