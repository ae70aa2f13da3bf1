"""Words too common to tell passages apart, without accents; they also betray a language."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "en": _words(
        "a about above after again against all also am an and any are as at be because been before"
        " being below between both but by can could did do does doing don down during each few for"
        " from further get had has have having he her here him his how i id if ill im in into is it"
        " its ive just me more most my myself no nor not now of off on once only or other our ours"
        " out over own please s same she should so some such t than that thats the their them then"
        " there these they this those through to too under up us very was we were what whats when"
        " where which while who whom whose why will with would you your yours"
        # how people in a chat begin and end
        " hello hey hi know like maybe much need ok please tell thank thanks want wondering"
    ),
    "es": _words(
        "a al algo algunas algunos ante antes como con contra cual cuales cuando cuanta cuantas"
        " cuanto cuantos de del desde donde durante e el ella ellas ellos en entre era es esa ese"
        " eso esta estaban estan estar estas este esto estos fue fueron ha han hasta hay he la las"
        " le les lo los mas me mi mis mucho muchos muy nada ni no nos nosotros o otra otras otro"
        " otros para pero poco por porque puede pueden puedo que quien quienes se ser si sin sobre"
        " buenas buenos dias favor gracias hola necesito ok quiero quisiera saber tardes"
        " son su sus tambien tanto te ti tiene tienen todo todos tu tus un una uno unos y ya yo"
    ),
    "fr": _words(
        "a ai au aux avec ce ces cet cette comme comment d dans de des du elle elles en est et"
        " etait etre eu il ils j je l la le les leur leurs lui m ma mais me mes moi mon n ne nos"
        " notre nous on ont ou par pas peut plus pour pourquoi qu quand que quel quelle quelles"
        " quels qui s sa sans se ses si son sont sur t ta te tes toi ton tu un une vos votre vous y"
    ),
    "de": _words(
        "aber alle als also am an auch auf aus bei bin bis bist da dann das dass dein dem den der"
        " des die dies diese dieser dieses doch du durch ein eine einem einen einer eines er es"
        " euch fur habe haben hat hatte ich ihr ihre im in ist ja kann kein keine konnen man mein"
        " mich mir mit nach nicht noch nur oder ohne sein seine sich sie sind so uber um und uns"
        " unser vom von vor wann war was wenn wer werden wie wir wird wo zu zum zur"
    ),
    "it": _words(
        "a ad agli ai al alla alle allo anche che chi ci come con cosa cui da dagli dai dal dalla"
        " dalle de degli dei del della delle dello di dove e ed era gli ha hanno ho i il in io la"
        " le lei li lo loro ma mi mia mio ne nei nel nella nelle noi non o per perche piu puo"
        " quale quali quando quanto quella quello questa questo se sei si sia sono su sua sugli"
        " sul sulla suo ti tra tu tua tuo un una uno vi voi"
    ),
    "pt": _words(
        "a ao aos as ate com como da das de dela dele deles do dos e ela elas ele eles em entre era"
        " essa esse esta estao este eu foi foram ha isso isto ja la lhe mais mas me meu minha muito"
        " na nao nas nem no nos o onde os ou para pela pelas pelo pelos por porque pode posso qual"
        " quais quando quanto que quem se sem ser seu seus so sao sua suas tambem te tem tenho um"
        " uma umas uns voce voces"
        " agora ainda apos bem dentro depois dia dias dois duas hoje la nao pra qualquer sim so"
        " toda todas todo todos vai vamos vou"
    ),
    "nl": _words(
        "aan al als ben bij dan dat de der deze die dit doch doen door dus een er ge geen had heb"
        " hebben heeft het hier hij hoe hun ik in is ja je kan kunnen maar me meer men met mij mijn"
        " moet na naar niet nog nu of om omdat onder ons ook op over te tegen toch toen tot u uit"
        " uw van veel voor waar wanneer was wat we wel werd wie wij wil wordt worden zal ze zich"
        " zij zijn zo zonder"
    ),
    "ar": _words(
        "ابي اذا الا التي الذي الذين الي ام ان انا انت اي ايضا اين او بعد بعض بها به بين تكون تلك"
        " ثم حتي حيث خلال ذلك عن عند عندما علي عليه عليها غير فقط في فيه فيها قبل قد كان كانت كل كم"
        " كما كيف لا لدي لدى لك لكم لكن لم لماذا لن له لها لي ليس ما ماذا متي مع من منذ منه منها"
        " نحن هذا هذه هل هم هن هو هي و وما وهو وهي يا يكون يمكن"
        " ابغي اريد السلام شكرا عليكم عندك عندكم لديك لديكم لو مرحبا ممكن"
    ),
}
