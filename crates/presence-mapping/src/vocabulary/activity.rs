use crate::vocabulary::{Value, vocabulary};

/// The `activity` of a Teams presence: an open, case-insensitive word.
pub type Activity = Value<KnownActivity>;

vocabulary! {
    /// Every activity that Microsoft has documented.
    ///
    /// The union of the generations of the page
    /// [presence resource type](https://learn.microsoft.com/graph/api/resources/presence), with `AvailableInactive`
    /// from [manage presence](https://learn.microsoft.com/graph/cloud-communications-manage-presence-state) and
    /// `Focusing`, which the Teams administrator's pages name as a kind of Do Not Disturb.
    KnownActivity {
        /// Free.
        Available "Available" "available",
        /// Free, without a recent input.
        AvailableInactive "AvailableInactive" "availableInactive",
        /// Away from the device.
        Away "Away" "away",
        /// Away for a short time.
        BeRightBack "BeRightBack" "beRightBack",
        /// Busy.
        Busy "Busy" "busy",
        /// Not to be disturbed.
        DoNotDisturb "DoNotDisturb" "doNotDisturb",
        /// In focus time.
        Focusing "Focusing" "focusing",
        /// In a call.
        InACall "InACall" "inACall",
        /// In a call of several people.
        InAConferenceCall "InAConferenceCall" "inAConferenceCall",
        /// In a meeting.
        InAMeeting "InAMeeting" "inAMeeting",
        /// Without a recent input.
        Inactive "Inactive" "inactive",
        /// Off work; what appearing offline shows.
        OffWork "OffWork" "offWork",
        /// Signed out, or appearing so.
        Offline "Offline" "offline",
        /// Out of office.
        OutOfOffice "OutOfOffice" "outOfOffice",
        /// Teams does not know, or does not tell.
        PresenceUnknown "PresenceUnknown" "presenceUnknown",
        /// Presenting.
        Presenting "Presenting" "presenting",
        /// Only urgent interruptions.
        UrgentInterruptionsOnly "UrgentInterruptionsOnly" "urgentInterruptionsOnly",
    }
}
