// A step of a shared library, for the job that builds an image: after `docker push`, it proposes what was pushed.
//
//   tagboat(repository: 'https://github.com/acme/manifests', image: "registry.acme.internal/api:${env.BUILD_TAG}")
//
// `credentials` names a secret text with a token of the forge. Values reach the shell as variables, never as its text.
def call(Map options) {
  if (!options.repository) {
    error 'tagboat: the repository of the manifests is missing'
  }
  List variables = ["TAGBOAT_REPOSITORY=${options.repository}", "IMAGE=${options.image ?: ''}"]
  withCredentials([string(credentialsId: options.credentials ?: 'tagboat-token', variable: 'TAGBOAT_FORGE_TOKEN')]) {
    withEnv(variables) {
      sh 'tagboat run ${IMAGE:+--image "$IMAGE"} --junit image-updates.xml'
    }
  }
  junit testResults: 'image-updates.xml', skipPublishingChecks: true
}
