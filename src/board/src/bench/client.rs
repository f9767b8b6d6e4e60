//! A client that measures how long its first byte takes.

use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::cpu::{Cpu, pin};
use crate::fail::{Failure, OrFail, Result};

/// Nothing here takes that long, unless it never comes.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Connections of each client before it counts.
pub const WARM_UP: usize = 5;

/// How connections are made.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Clients that connect at the same time.
    pub clients: usize,
    /// Connections of all of them.
    pub connections: usize,
    /// What a client waits before each connection.
    pub pause: Duration,
}

/// Makes the connections; from connect to the first byte, in microseconds each.
///
/// # Errors
/// If one connection fails.
pub fn latencies_us(port: u16, load: Load) -> Result<Vec<f64>> {
    pin(Cpu::Shared)?;
    let clients: Vec<_> = (0..load.clients)
        .map(|_| {
            thread::spawn(move || {
                (0..WARM_UP + load.connections / load.clients)
                    .map(|_| {
                        if !load.pause.is_zero() {
                            thread::sleep(load.pause);
                        }
                        connect(port)
                    })
                    .skip(WARM_UP)
                    .collect::<io::Result<Vec<_>>>()
            })
        })
        .collect();
    let mut all = Vec::with_capacity(load.connections);
    for client in clients {
        let latencies = client
            .join()
            .map_err(|_| Failure::new("a client of the bench panicked", "see its message above"))?;
        all.extend(latencies.or_fail(|| "a connection failed".into(), "see who was measured")?);
    }
    Ok(all)
}

/// One connection, until the service has closed it.
fn connect(port: u16) -> io::Result<f64> {
    let begin = Instant::now();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut byte = [0u8; 1];
    stream.read_exact(&mut byte)?;
    let latency = begin.elapsed();
    while stream.read(&mut byte)? != 0 {}
    Ok(latency.as_secs_f64() * 1e6)
}
