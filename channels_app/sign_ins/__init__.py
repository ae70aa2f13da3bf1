"""The ways of signing in at a network (OAuth 2). Adding one = one module here + one line below."""

from channels_app.sign_ins.base import SignIn
from tenants.plugins.registry import Plugin, PluginRegistry

SIGN_INS = PluginRegistry(
    SignIn,
    {
        "facebook": Plugin("Facebook", "channels_app.sign_ins.facebook:Facebook"),
        "whatsapp": Plugin("Meta", "channels_app.sign_ins.whatsapp:WhatsAppSignUp"),
        "instagram": Plugin("Instagram", "channels_app.sign_ins.instagram:InstagramLogin"),
        "x": Plugin("X", "channels_app.sign_ins.x:XSignIn"),
        "linkedin": Plugin("LinkedIn", "channels_app.sign_ins.linkedin:LinkedInSignIn"),
        "tiktok": Plugin("TikTok", "channels_app.sign_ins.tiktok:TikTokSignIn"),
        "google": Plugin("Google", "channels_app.sign_ins.google:Google"),
        "microsoft": Plugin("Microsoft", "channels_app.sign_ins.microsoft:Microsoft"),
    },
)


def ways_into(platform: str) -> list[str]:
    """The kinds of sign-in by which this platform can be connected, the best first."""
    return [kind for kind in SIGN_INS if platform in SIGN_INS.get(kind).platforms]
