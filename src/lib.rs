//! Pilotlight.
#![no_std]
