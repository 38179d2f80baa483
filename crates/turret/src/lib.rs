//! A whole turret without a window: session, positions, devices and the view model.

pub mod view;
