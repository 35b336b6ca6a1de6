//! What is remembered of a window: whether it comes back, how it looks, and where it was.

/// Where a window was, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WindowPlace {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// What is remembered of a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WindowMemory {
    /// It is one of those that come back when the app is shown.
    pub(crate) open: bool,
    /// Kept in front of all others.
    pub(crate) pinned: bool,
    /// Nothing but the rows.
    pub(crate) bare: bool,
    /// Which view of a room it shows; everything, where it has no name.
    pub(crate) view: String,
    /// Where it was on which arrangement of screens; the latest last.
    pub(super) places: Vec<(String, WindowPlace)>,
}

impl WindowMemory {
    /// A laptop meets that many desks.
    const MOST_PLACES: usize = 16;

    /// All but whether it is open, and what it shows.
    pub(crate) fn forget(&mut self) {
        let view = std::mem::take(&mut self.view);
        *self = Self { open: self.open, view, ..Self::default() };
    }

    pub(crate) fn place(&self, screens: &str) -> Option<WindowPlace> {
        self.places.iter().find(|(on, _)| on == screens).map(|(_, place)| *place)
    }

    pub(crate) fn last(&self) -> Option<WindowPlace> {
        self.places.last().map(|(_, place)| *place)
    }

    pub(crate) fn put(&mut self, screens: String, place: WindowPlace) {
        self.places.retain(|(on, _)| *on != screens);
        self.places.push((screens, place));
        let over = self.places.len().saturating_sub(Self::MOST_PLACES);
        self.places.drain(..over);
    }
}
